import assert from 'node:assert/strict'
import { test } from 'node:test'
import { subscribeSchema, type SubscribeMessage } from '#protocol/messages.ts'
import { resultMessage } from './sample-result.ts'
import { applyFilter, filterKey, subscriptionOf } from './subscription.ts'

const exists = (id: string): boolean => ['a', 'b'].includes(id)
const subscribe = (fields: object): SubscribeMessage =>
  subscribeSchema.parse({ type: 'subscribe', cameras: ['*'], ...fields })

const table: readonly [
  title: string,
  fields: object,
  wanted: readonly string[],
  errors: readonly string[],
][] = [
  ['a star takes in every camera, those to come too', {}, ['a', 'b', 'later'], []],
  ['a list takes in its own', { cameras: ['a'] }, ['a'], []],
  ['a star beside names wins', { cameras: ['a', '*'] }, ['a', 'b', 'later'], []],
  ['an unknown camera is told', { cameras: ['a', 'x'] }, ['a'], ['unknown_camera']],
  ['beside a star too', { cameras: ['*', 'x'] }, ['a', 'b', 'later'], ['unknown_camera']],
  ['only unknown ones leave nothing', { cameras: ['later'] }, [], ['unknown_camera']],
  ['zones are unsupported, the rest holds', { zones: ['z'] }, ['a', 'b', 'later'], ['unsupported']],
  ['so are events', { cameras: ['b'], events: true }, ['b'], ['unsupported']],
  ['no events are no error', { events: false }, ['a', 'b', 'later'], []],
  [
    'both are told',
    { cameras: ['x', 'b'], events: true },
    ['b'],
    ['unsupported', 'unknown_camera'],
  ],
]
for (const [title, fields, wanted, errors] of table)
  test(title, () => {
    const subscription = subscriptionOf(subscribe(fields), exists)
    assert.deepEqual(['a', 'b', 'later'].filter(subscription.wants), wanted)
    assert.deepEqual(
      subscription.errors.map(({ code }) => code),
      errors,
    )
  })

test('many unknown cameras are one error that names the first ten', () => {
  const cameras = Array.from({ length: 25 }, (_, i) => `x${i}`)
  const [error, ...more] = subscriptionOf(subscribe({ cameras }), exists).errors
  assert.equal(more.length, 0)
  assert.match(error?.message ?? '', /x9 and 15 more$/)
})

test('filters keep objects by label and score, and an emptied result stays a result', () => {
  const message = resultMessage({ camera: 'a', seq: 1, boxes: 9 })
  const labelled = applyFilter(message, {
    classes: new Set(['car']),
    minScore: 0,
    maxFps: null,
  })
  assert.equal(labelled.objects.length, 3)
  assert.ok(labelled.objects.every(({ label }) => label === 'car'))
  const none = applyFilter(message, { classes: new Set(['boat']), minScore: 0, maxFps: null })
  assert.deepEqual(none, { ...message, objects: [] })
  const scored = applyFilter(message, { classes: null, minScore: 0.6, maxFps: null })
  assert.ok(scored.objects.length > 0 && scored.objects.length < 9)
  assert.ok(scored.objects.every(({ score }) => score >= 0.6))
})

test('a filter that leaves nothing out gives the very message, so that its bytes are shared', () => {
  const message = resultMessage({ camera: 'a', seq: 1, boxes: 9 })
  const filter = { classes: new Set(['car', 'person', 'bicycle']), minScore: 0.1, maxFps: null }
  assert.equal(applyFilter(message, filter), message)
})

test('equal filters have one key, in whatever order the classes came', () => {
  const keyOf = (fields: object) => filterKey(subscriptionOf(subscribe(fields), exists).filter)
  assert.equal(keyOf({ classes: ['a', 'b'] }), keyOf({ classes: ['b', 'a', 'b'], cameras: ['a'] }))
  const different = [{}, { classes: [] }, { classes: ['a'] }, { minScore: 0.5 }, { maxFps: 5 }]
  assert.equal(new Set(different.map(keyOf)).size, different.length)
})
