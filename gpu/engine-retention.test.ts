import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { leastUsedEngines } from './engine-retention.ts'

const gib = 1024 ** 3
const engine = (folder: string, bytes: number, usedAtWallMs: number) => ({
  folder,
  bytes,
  usedAtWallMs,
})

for (const { name, engines, stale } of [
  { name: 'nothing', engines: [], stale: [] },
  {
    name: 'nine small engines: the least recently used goes',
    engines: [5, 3, 9, 4, 7, 2, 8, 6, 1].map((at) => engine(`e${at}`, 1_000, at)),
    stale: ['e1'],
  },
  {
    name: 'three of 2 GiB: only the two that were used last stay',
    engines: [engine('old', 2 * gib, 1), engine('mid', 2 * gib, 2), engine('new', 2 * gib, 3)],
    stale: ['old'],
  },
  {
    name: 'what is in use stays, however old and large',
    engines: [engine('in use', 5 * gib, 1), engine('new', 10, 2)],
    stale: ['new'],
  },
  {
    name: 'folders that hold no engine go',
    engines: [engine('rubbish', 0, 0), engine('new', 10, 2)],
    stale: ['rubbish'],
  },
])
  test(`of ${name}`, () => {
    assert.deepEqual(leastUsedEngines(engines, 'in use'), stale)
  })

test('whatever there is, what stays keeps to both limits and to the order of use', () => {
  const some = fc.array(
    fc.record({ bytes: fc.nat(3 * gib), usedAtWallMs: fc.integer({ min: 1, max: 1_000 }) }),
    { maxLength: 30 },
  )
  fc.assert(
    fc.property(some, (list) => {
      const engines = list.map((each, index) => ({ ...each, folder: String(index) }))
      const stale = new Set(leastUsedEngines(engines, 'none'))
      const kept = engines.filter(({ folder }) => !stale.has(folder))
      assert.ok(kept.length <= 8)
      assert.ok(kept.reduce((sum, { bytes }) => sum + bytes, 0) <= 4 * gib)
      const newest = engines.toSorted((a, b) => b.usedAtWallMs - a.usedAtWallMs)[0]
      assert.ok(newest === undefined || !stale.has(newest.folder))
    }),
  )
})
