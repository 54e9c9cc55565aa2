import assert from 'node:assert/strict'
import { test } from 'node:test'
import { prefetch } from './prefetch.ts'

test('items come in their order, however long each takes, and at most so many are under way', async () => {
  const waiting = new Map<number, () => void>()
  let underWay = 0
  let most = 0
  const load = async (item: number): Promise<string> => {
    most = Math.max(most, ++underWay)
    // The first of two ends after the second.
    if (item % 2 === 0) await new Promise<void>((resolve) => waiting.set(item, resolve))
    else waiting.get(item - 1)?.()
    underWay--
    return `loaded ${item}`
  }
  const seen: string[] = []
  for await (const { item, loaded } of prefetch([0, 1, 2, 3], 2, load))
    seen.push(`${item} ${loaded}`)
  assert.deepEqual(seen, ['0 loaded 0', '1 loaded 1', '2 loaded 2', '3 loaded 3'])
  assert.equal(most, 2)
})

test('a failure comes when its turn does, and one that is never reached harms nobody', async () => {
  const load = async (item: number): Promise<number> => {
    if (item > 0) throw new Error(`no ${item}`)
    return item
  }
  const seen: number[] = []
  await assert.rejects(async () => {
    for await (const { loaded } of prefetch([0, 1, 2], 3, load)) seen.push(loaded)
  }, /no 1/)
  assert.deepEqual(seen, [0])
})
