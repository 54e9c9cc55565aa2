import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { FrameSync } from './frame-sync.ts'
import { rtpElapsedMs } from './rtp-time.ts'

const at = (rtpTimestamp: number): { rtpTimestamp: number } => ({
  rtpTimestamp: rtpTimestamp >>> 0,
})
const ms = (value: number): number => value * 90
/** Twelve frames before the counter wraps at 30 fps. */
const beforeWrap = 2 ** 32 - ms(400)

function filled(...timestamps: readonly number[]): FrameSync<{ rtpTimestamp: number }> {
  const sync = new FrameSync<{ rtpTimestamp: number }>()
  for (const timestamp of timestamps) sync.add(at(timestamp))
  return sync
}

const cases: readonly {
  name: string
  ring: readonly number[]
  frame: number
  heldMsMax?: number
  expected: string
}[] = [
  { name: 'an empty ring has nothing', ring: [], frame: 5_000, expected: 'none' },
  { name: 'only newer detections are nothing', ring: [ms(100)], frame: ms(67), expected: 'none' },
  { name: 'past the budget is nothing', ring: [ms(0)], frame: ms(200) + 1, expected: 'none' },
  { name: 'a budget of zero holds nothing', ring: [0], frame: 1, heldMsMax: 0, expected: 'none' },
  { name: 'just inside the budget is held', ring: [0], frame: ms(200), expected: 'held 0' },
  {
    name: 'one tick beside is held, not exact',
    ring: [9_000],
    frame: 9_001,
    expected: 'held 9000',
  },
  { name: 'the same timestamp is exact', ring: [9_000], frame: 9_000, expected: 'exact 9000' },
  {
    name: 'exact wins over newer detections',
    ring: [0, ms(100), ms(200)],
    frame: ms(100),
    expected: `exact ${ms(100)}`,
  },
  {
    name: 'held is the newest of the older ones',
    ring: [0, ms(100), ms(200)],
    frame: ms(133),
    expected: `held ${ms(100)}`,
  },
  {
    name: 'held reaches back over the wrap',
    ring: [2 ** 32 - 90],
    frame: ms(50),
    expected: `held ${2 ** 32 - 90}`,
  },
  { name: 'zero is a timestamp like any other', ring: [0], frame: 0, expected: 'exact 0' },
]

for (const { name, ring, frame, heldMsMax = 200, expected } of cases)
  test(name, () => {
    const match = filled(...ring).choose(frame, heldMsMax)
    const said = match.kind === 'none' ? 'none' : `${match.kind} ${match.detections.rtpTimestamp}`
    assert.equal(said, expected)
  })

test('held says how much older it is', () => {
  const match = filled(2 ** 32 - ms(30)).choose(ms(20), 200)
  assert.ok(match.kind === 'held')
  assert.equal(match.ageMs, 50)
})

test('a second result for a timestamp replaces the first', () => {
  const sync = new FrameSync<{ rtpTimestamp: number; name: string }>()
  sync.add({ rtpTimestamp: 7, name: 'first' })
  sync.add({ rtpTimestamp: 7, name: 'second' })
  const match = sync.choose(7, 200)
  assert.ok(match.kind === 'exact')
  assert.equal(match.detections.name, 'second')
  assert.equal(sync.size, 1)
})

test('after clear the old timeline matches nothing', () => {
  const sync = filled(9_000)
  sync.clear()
  assert.equal(sync.choose(9_000, 200).kind, 'none')
  assert.equal(sync.newest, null)
})

test('detections older than the ring are let go instead of emptying it', () => {
  const sync = filled(ms(60_000), ms(49_000))
  assert.deepEqual(sync.all, [at(ms(60_000))])
})

test('a straggler, and another after good ones, leave the ring as it is', () => {
  const sync = filled(ms(60_000))
  for (let i = 1; i <= 10; i++) {
    sync.add(at(ms(10_000)))
    sync.add(at(ms(10_033)))
    sync.add(at(ms(60_000 + i * 33)))
  }
  assert.equal(sync.size, 11)
  assert.deepEqual(sync.newest, at(ms(60_330)))
})

for (const [name, start, jumped] of [
  ['a minute back', ms(60_000), 0],
  ['back over the wrap', ms(30_000), 2 ** 32 - ms(30_000)],
  ['back by hours', ms(5 * 3_600_000), 7],
] as const)
  test(`a timeline that jumps ${name} is taken with its third result`, () => {
    const sync = filled(start)
    for (let i = 0; i < 3; i++) {
      assert.equal(sync.choose(jumped + ms(33) * i, 200).kind, 'none')
      sync.add(at(jumped + ms(33) * i))
    }
    assert.deepEqual(sync.all, [at(jumped + ms(66))])
    sync.add(at(jumped + ms(99)))
    assert.equal(sync.choose(jumped + ms(99), 200).kind, 'exact')
    assert.equal(sync.choose(start, 200).kind, 'none')
  })

test('too old ones before a clear count for nothing after it', () => {
  const sync = filled(ms(60_000))
  sync.add(at(0))
  sync.add(at(1))
  sync.clear()
  sync.add(at(ms(60_000)))
  sync.add(at(2))
  assert.deepEqual(sync.newest, at(ms(60_000)))
})

/** Steps between results in ticks, around the wrap, now and then an older one. */
const steps = fc.array(fc.integer({ min: -9_000, max: 27_000 }), { minLength: 1, maxLength: 400 })

test('property: exact only ever means the same timestamp, held only older within the budget', () => {
  fc.assert(
    fc.property(
      steps,
      fc.array(fc.integer({ min: -90_000, max: 900_000 }), { minLength: 1, maxLength: 30 }),
      fc.integer({ min: 0, max: 1_000 }),
      (moves, frames, heldMsMax) => {
        const sync = new FrameSync<{ rtpTimestamp: number }>()
        const seen = new Set<number>()
        let now = beforeWrap
        for (const move of moves) {
          now += move
          seen.add(now >>> 0)
          sync.add(at(now))
        }
        for (const offset of frames) {
          const frame = (beforeWrap + offset) >>> 0
          const match = sync.choose(frame, heldMsMax)
          if (match.kind === 'none') continue
          const chosen = match.detections.rtpTimestamp
          assert.ok(seen.has(chosen))
          assert.equal(match.kind === 'exact', chosen === frame)
          if (match.kind !== 'held') continue
          assert.ok(match.ageMs > 0 && match.ageMs <= heldMsMax)
          // Nothing between the chosen one and the frame.
          for (const other of sync.all) {
            const fromChosenMs = rtpElapsedMs(chosen, other.rtpTimestamp)
            assert.ok(fromChosenMs <= 0 || rtpElapsedMs(frame, other.rtpTimestamp) > 0)
          }
        }
      },
    ),
  )
})

test('property: the ring stays in order, within 10 s and within its count', () => {
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 20 }), (moves, repeats) => {
      const sync = new FrameSync<{ rtpTimestamp: number }>()
      let now = beforeWrap
      for (let round = 0; round < repeats; round++)
        for (const move of moves) {
          now += move / 8
          sync.add(at(Math.round(now)))
        }
      assert.ok(sync.size <= 1_200)
      const all = sync.all.map((entry) => entry.rtpTimestamp)
      for (let i = 1; i < all.length; i++) assert.ok(rtpElapsedMs(all[i - 1] ?? 0, all[i] ?? 0) > 0)
      assert.ok(rtpElapsedMs(all[0] ?? 0, all.at(-1) ?? 0) <= 10_000)
    }),
  )
})

test('1 ms apart for a minute: bounded by count as well as by time', () => {
  const sync = new FrameSync<{ rtpTimestamp: number }>()
  for (let i = 0; i < 60_000; i++) sync.add(at(beforeWrap + i * 90))
  assert.equal(sync.size, 1_200)
})
