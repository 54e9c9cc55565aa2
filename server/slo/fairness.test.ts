import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { fairnessIndex, fairShares, type SharedDemand } from './fairness.ts'

const stream = (demanded: number, delivered: number, weight = 1): SharedDemand => ({
  demanded,
  delivered,
  weight,
})
const close = (actual: readonly number[], expected: readonly number[]): void => {
  assert.equal(actual.length, expected.length)
  for (const [i, value] of expected.entries())
    assert.ok(
      Math.abs((actual[i] ?? NaN) - value) < 1e-9,
      `${actual.join()} is not ${expected.join()}`,
    )
}

const shareTable: readonly [title: string, streams: readonly SharedDemand[], shares: number[]][] = [
  ['nothing of nothing', [], []],
  ['what each asked for where there is enough', [stream(10, 10), stream(5, 5)], [10, 5]],
  ['equal parts where there is not', [stream(10, 8), stream(10, 4)], [6, 6]],
  [
    'all that a modest one asks for, the rest to the other',
    [stream(2, 2), stream(30, 10)],
    [2, 10],
  ],
  ['by weight', [stream(30, 3, 1), stream(30, 12, 4)], [3, 12]],
  ['by weight, but no more than asked for', [stream(30, 10, 1), stream(8, 5, 4)], [7, 8]],
]
for (const [title, streams, shares] of shareTable)
  test(`max-min shares are ${title}`, () => close(fairShares(streams), shares))

const indexTable: readonly [
  title: string,
  streams: readonly SharedDemand[],
  index: number | null,
][] = [
  ['null where nobody asks', [stream(0, 0)], null],
  ['null where nobody gets anything', [stream(10, 0), stream(10, 0)], null],
  ['1 where each has its share', [stream(10, 6), stream(10, 6), stream(1, 1)], 1],
  ['1/n where one has all', [stream(10, 10), stream(10, 0), stream(10, 0), stream(10, 0)], 0.25],
  ['0.9 where one has half of what the other has', [stream(9, 6), stream(9, 3)], 0.9],
  ['not moved by one that is away', [stream(10, 6), stream(10, 6), stream(0, 0)], 1],
  ['1 where weight 4 has four times as much', [stream(30, 4), stream(30, 16, 4)], 1],
]
for (const [title, streams, index] of indexTable)
  test(`the fairness index is ${title}`, () => {
    const actual = fairnessIndex(streams)
    if (index === null) assert.equal(actual, null)
    else close([actual ?? NaN], [index])
  })

const streamsOf = fc.array(
  fc.record({
    demanded: fc.double({ min: 0.5, max: 30, noNaN: true }),
    servedPercent: fc.integer({ min: 0, max: 100 }),
    weight: fc.double({ min: 0.1, max: 100, noNaN: true }),
  }),
  { minLength: 1, maxLength: 20 },
)

test('shares use up what there is, give nobody more than asked for, and are fair in themselves', () => {
  fc.assert(
    fc.property(streamsOf, (given) => {
      const streams = given.map(({ demanded, servedPercent, weight }) =>
        stream(demanded, (demanded * servedPercent) / 100, weight),
      )
      const shares = fairShares(streams)
      const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0)
      const delivered = sum(streams.map((each) => each.delivered))
      assert.ok(Math.abs(sum(shares) - delivered) < 1e-6)
      for (const [i, { demanded, weight }] of streams.entries()) {
        const share = shares[i] ?? NaN
        assert.ok(share <= demanded + 1e-9 && share >= -1e-9)
        // Who is left short of its demand has no less for its weight than anybody else.
        if (share < demanded - 1e-9)
          for (const [j, other] of streams.entries())
            assert.ok((shares[j] ?? NaN) / other.weight <= share / weight + 1e-6)
      }
      const fair = streams.map((each, i) => ({ ...each, delivered: shares[i] ?? NaN }))
      if (delivered > 1e-6) assert.ok(Math.abs((fairnessIndex(fair) ?? NaN) - 1) < 1e-6)
      const index = fairnessIndex(streams)
      if (index !== null) assert.ok(index > 0 && index <= 1 + 1e-9)
    }),
  )
})
