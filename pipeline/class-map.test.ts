import assert from 'node:assert/strict'
import { test } from 'node:test'
import { classMapOf } from './class-map.ts'

const model = ['person', 'car', 'cat']
const truth = ['Car', 'Pedestrian']

test('classes of one name are one, without regard to case; others are as asked, or left out', () => {
  assert.deepEqual(classMapOf(model, truth, []), [null, 'Car', null])
  assert.deepEqual(classMapOf(model, truth, ['Person=pedestrian']), ['Pedestrian', 'Car', null])
  assert.deepEqual(classMapOf(model, truth, ['cat=Car']), [null, 'Car', 'Car'])
})

for (const pair of ['person', 'dog=Car', 'person=Van', 'person=Car=Car', '=Car'])
  test(`“${pair}” is refused`, () => {
    assert.throws(() => classMapOf(model, truth, [pair]), { code: 'usage', message: /--map/ })
  })
