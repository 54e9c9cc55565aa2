import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ExactDelay } from './exact-delay.ts'

function measured(...delaysMs: readonly number[]): ExactDelay {
  const delay = new ExactDelay()
  delaysMs.forEach((value, i) => delay.observe(i * 100, value))
  return delay
}

test('nothing measured yet: the figure of a loaded machine', () => {
  assert.equal(new ExactDelay().targetMs(), 150)
})

test('detections a second late do not make the picture wait a second', () => {
  assert.equal(measured(1_000).targetMs(), 400)
})

test('a replay after a reconnect says nothing about the next detections', () => {
  assert.equal(measured(40, 9_000, 8_000, 7_000).targetMs(), 100)
})

test('a clock that is off below zero does not ask for a negative wait', () => {
  assert.equal(measured(-500).targetMs(), 0)
})

test('the wait is the 95th percentile and the margin', () => {
  const hundred = Array.from({ length: 100 }, (_, i) => i + 1)
  assert.equal(measured(...hundred).targetMs(), 96 + 60)
})

test('one straggler in a hundred changes nothing', () => {
  assert.equal(measured(...Array.from({ length: 99 }, () => 40), 900).targetMs(), 100)
})

test('a small change leaves the picture alone, a large one does not', () => {
  const delay = measured(...Array.from({ length: 20 }, () => 40))
  assert.equal(delay.targetMs(), 100)
  for (let i = 0; i < 100; i++) delay.observe(2_000 + i, 50)
  assert.equal(delay.targetMs(), 100)
  for (let i = 0; i < 100; i++) delay.observe(3_000 + i, 90)
  assert.equal(delay.targetMs(), 150)
})

test('what was measured half a minute ago is forgotten', () => {
  const delay = measured(...Array.from({ length: 50 }, () => 300))
  delay.observe(40_000, 40)
  assert.equal(delay.targetMs(), 100)
})
