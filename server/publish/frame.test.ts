import assert from 'node:assert/strict'
import { test } from 'node:test'
import { textOf } from './fake-socket.ts'
import { pingFrame, pongId, textFrame } from './frame.ts'

for (const length of [0, 1, 125, 126, 127, 65_535, 65_536, 100_000])
  test(`a text of ${length} bytes is framed with the shortest header`, () => {
    const frame = textFrame('x'.repeat(length))
    assert.equal(textOf(frame), 'x'.repeat(length))
    assert.equal(frame.length - length, length < 126 ? 2 : length < 65_536 ? 4 : 10)
  })

test('a text is counted in bytes, not in characters', () => {
  assert.equal(textOf(textFrame('é😀')), 'é😀')
})

test('a ping carries its number and the pong brings it back', () => {
  const frame = pingFrame(0xffff_fffe)
  assert.deepEqual([...frame.subarray(0, 2)], [0x89, 4])
  assert.equal(pongId(frame.subarray(2)), 0xffff_fffe)
  assert.equal(pongId(Buffer.from('hello')), null)
})
