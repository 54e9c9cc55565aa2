import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SeqMemory } from './seq-memory.ts'

test('a camera that comes back goes on counting, a new one starts at 0', () => {
  const memory = new SeqMemory()
  memory.remember('a', 41)
  memory.remember('a', 42)
  assert.equal(memory.lastOf('a'), 42)
  assert.equal(memory.lastOf('b'), 0)
})

test('after thousands of removals no camera ever counts a seq twice', () => {
  const memory = new SeqMemory()
  for (let i = 0; i < 3_000; i++) memory.remember(`c${i}`, i)
  for (let i = 0; i < 3_000; i++) assert.ok(memory.lastOf(`c${i}`) >= i, `c${i}`)
})
