import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseKittiResults } from './kitti-results.ts'

const line = 'Car -1 -1 -10 10.5 20 30 40.25 -1 -1 -1 -1000 -1000 -1000 -10 0.75'

test('type, box and score are read, with either line end; an empty file holds none', () => {
  const car = { type: 'Car', box: { left: 10.5, top: 20, right: 30, bottom: 40.25 }, score: 0.75 }
  assert.deepEqual(parseKittiResults(`${line}\r\n\n${line}`, 'x'), [car, car])
  assert.deepEqual(parseKittiResults('', 'x'), [])
})

for (const { name, text, says } of [
  { name: 'a label without a score', text: line.replace(' 0.75', ''), says: /:2: 15 fields/ },
  { name: 'another type', text: line.replace('Car', 'Bus'), says: /:2: unknown type “Bus”/ },
  { name: 'a decimal comma', text: line.replace('10.5', '10,5'), says: /:2: field 5, “10,5”/ },
  { name: 'a score that is none', text: line.replace('0.75', 'nan'), says: /:2: field 16/ },
  { name: 'edges the wrong way round', text: line.replace('30 ', '3 '), says: /:2: the box/ },
])
  test(`a results line with ${name} is refused, and where is said`, () => {
    assert.throws(() => parseKittiResults(`${line}\n${text}\n`, 'results/000001.txt'), {
      code: 'input_invalid',
      message: says,
    })
  })
