import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EncodedResult } from './filter-group.ts'
import { replayOf } from './resume.ts'
import { ResultRing } from './result-ring.ts'
import { resultMessage } from './sample-result.ts'

const noFilter = { classes: null, minScore: 0, maxFps: null }

/** Results 1..count, one every 100 ms from 0 on. */
function ringOf(count: number): ResultRing {
  const ring = new ResultRing()
  for (let seq = 1; seq <= count; seq++)
    ring.push(new EncodedResult(resultMessage({ camera: 'a', seq, boxes: 3 })), seq * 100)
  return ring
}

function replay(
  count: number,
  lastSeq: number,
  options: Partial<Parameters<typeof replayOf>[0]> = {},
): string {
  const { gap, results } = replayOf({
    camera: 'a',
    lastSeq,
    sameBoot: true,
    newestSeq: count,
    ring: ringOf(count),
    filter: noFilter,
    bytesMax: Infinity,
    nowMs: count * 100,
    ...options,
  })
  const told = gap === null ? '' : `${gap.reason} ${gap.from}-${gap.to ?? '?'} `
  const seqs = results.map(({ seq }) => seq)
  return `${told}[${seqs.length > 3 ? `${seqs[0]}..${seqs.at(-1)}` : seqs.join()}]`
}

test('what the ring holds is replayed in order', () => assert.equal(replay(50, 45), '[46..50]'))
test('a client that has all gets nothing', () => assert.equal(replay(50, 50), '[]'))
test('so does one that claims more than there is', () => assert.equal(replay(50, 99), '[]'))
test('what is older than 10 s is told as expired', () =>
  assert.equal(replay(150, 10), 'expired 11-49 [50..150]'))
test('all of it may be', () => assert.equal(replay(50, 40, { nowMs: 60_000 }), 'expired 41-50 []'))
test('an earlier run of the server is one gap without an end', () =>
  assert.equal(replay(50, 7, { sameBoot: false }), 'restart 8-? []'))
test('the newest of a large replay are kept, the rest is told as expired', () => {
  const one = new EncodedResult(resultMessage({ camera: 'a', seq: 10, boxes: 3 })).frame.length
  assert.equal(replay(50, 10, { bytesMax: 3 * one + 1 }), 'expired 11-47 [48,49,50]')
  assert.equal(replay(50, 10, { bytesMax: 10 }), 'expired 11-50 []')
})
test('maxFps thins a replay out without a gap', () =>
  assert.equal(replay(8, 0, { filter: { ...noFilter, maxFps: 5 } }), '[1..7]'))
test('evenly', () => {
  const filter = { ...noFilter, maxFps: 2 }
  assert.equal(replay(13, 0, { filter }), '[1,6,11]')
})
test('the ring holds 300 results at most', () => {
  const ring = new ResultRing()
  for (let seq = 1; seq <= 1_000; seq++)
    ring.push(new EncodedResult(resultMessage({ camera: 'a', seq, boxes: 0 })), seq)
  assert.equal(ring.after(0, 1_000).length, 300)
})
