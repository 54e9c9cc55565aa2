import assert from 'node:assert/strict'
import { test } from 'node:test'
import { countClasses } from './class-counts.ts'
import { fakeDetections } from './fake-detections.ts'

function showing(...labels: readonly string[]) {
  const objects = labels.flatMap((label) => fakeDetections(0, { label }).objects)
  return { kind: 'exact', detections: fakeDetections(0, { objects }) } as const
}

test('a class that is gone stays with 0, in its place', () => {
  const before = countClasses([], [showing('car', 'person', 'chair')])
  assert.deepEqual(countClasses(before, [{ kind: 'none' }]), [
    { label: 'person', count: 0 },
    { label: 'car', count: 0 },
    { label: 'chair', count: 0 },
  ])
})

test('boxes of all cameras are counted together', () => {
  const counts = countClasses([], [showing('person', 'person'), showing('person', 'dog')])
  assert.deepEqual(counts, [
    { label: 'person', count: 3 },
    { label: 'dog', count: 1 },
  ])
})

test('a model with a thousand classes does not make a bar of a thousand chips', () => {
  const labels = Array.from({ length: 1_000 }, (_, i) => `class ${i}`)
  assert.equal(countClasses([], [showing(...labels)]).length, 80)
})
