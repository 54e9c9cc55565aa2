import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { budgetLeft, type BurnRates, burnRate, isWorse, judge, worstVerdict } from './burn-rate.ts'

const whole = { objective: 0.99, coverage: 1 }
const near = (actual: number | null, expected: number): void =>
  assert.ok(actual !== null && Math.abs(actual - expected) < 1e-9, `${actual} is not ${expected}`)

test('a burn rate of 1 spends exactly the budget', () => {
  near(burnRate({ good: 99, total: 100 }, whole), 1)
  near(burnRate({ good: 0, total: 100 }, whole), 100)
  near(burnRate({ good: 100, total: 100 }, whole), 0)
})

test('nothing counted burns nothing, and more good than asked for is not bad', () => {
  assert.equal(burnRate({ good: 0, total: 0 }, whole), 0)
  assert.equal(burnRate({ good: 101, total: 100 }, whole), 0)
  near(budgetLeft({ good: 101, total: 100 }, 0.99), 1)
})

test('time without anything to count spends nothing', () => {
  near(burnRate({ good: 0, total: 10 }, { objective: 0.99, coverage: 0.1 }), 10)
  near(burnRate({ good: 0, total: 10 }, { objective: 0.99, coverage: 1.2 }), 100)
})

test('the budget that is left is 1 unspent, 0 spent, negative overspent, and unknown of nothing', () => {
  near(budgetLeft({ good: 1000, total: 1000 }, 0.99), 1)
  near(budgetLeft({ good: 995, total: 1000 }, 0.99), 0.5)
  near(budgetLeft({ good: 990, total: 1000 }, 0.99), 0)
  near(budgetLeft({ good: 970, total: 1000 }, 0.99), -2)
  assert.equal(budgetLeft({ good: 0, total: 0 }, 0.99), null)
})

const calm: BurnRates = { '5m': 0, '30m': 0, '1h': 0, '6h': 0, '3d': 0 }
const verdicts: readonly [title: string, burn: Partial<BurnRates>, verdict: string][] = [
  ['nothing burns', {}, 'ok'],
  ['an hour and its last minutes burn fast', { '1h': 14.5, '5m': 14.5 }, 'page 1h/5m'],
  ['exactly the limit is not over it', { '1h': 14.4, '5m': 14.4 }, 'ok'],
  ['an hour burnt fast but it is over', { '1h': 30, '5m': 0.1 }, 'ok'],
  ['five bad minutes do not make an hour', { '5m': 100, '1h': 8 }, 'ok'],
  ['six hours burn faster than they may', { '6h': 6.1, '30m': 6.1 }, 'page 6h/30m'],
  ['the faster rule speaks first', { '1h': 20, '5m': 20, '6h': 7, '30m': 20 }, 'page 1h/5m'],
  ['it burns slowly for days', { '3d': 1.1, '6h': 1.1 }, 'ticket 3d/6h'],
  ['a page goes before a ticket', { '3d': 2, '6h': 7, '30m': 7 }, 'page 6h/30m'],
  ['it burnt for days and has ended', { '3d': 1.1, '6h': 0.9 }, 'ok'],
]
for (const [title, burn, expected] of verdicts)
  test(`${expected === 'ok' ? 'nobody is told' : `it is a ${expected}`} when ${title}`, () => {
    const { verdict, because } = judge({ ...calm, ...burn })
    assert.equal(
      because === null ? verdict : `${verdict} ${because.long}/${because.short}`,
      expected,
    )
  })

test('more burn never makes a milder verdict', () => {
  const rates = fc.record({
    '5m': fc.double({ min: 0, max: 40, noNaN: true }),
    '30m': fc.double({ min: 0, max: 40, noNaN: true }),
    '1h': fc.double({ min: 0, max: 40, noNaN: true }),
    '6h': fc.double({ min: 0, max: 40, noNaN: true }),
    '3d': fc.double({ min: 0, max: 40, noNaN: true }),
  })
  fc.assert(
    fc.property(rates, fc.double({ min: 1, max: 3, noNaN: true }), (burn, factor) => {
      const mild = judge(burn)
      const more = judge({
        '5m': burn['5m'] * factor,
        '30m': burn['30m'] * factor,
        '1h': burn['1h'] * factor,
        '6h': burn['6h'] * factor,
        '3d': burn['3d'] * factor,
      })
      assert.ok(!isWorse(mild, more))
      assert.equal(mild.verdict === 'ok', mild.pressure <= 1)
      assert.equal(worstVerdict([mild.verdict, more.verdict]), more.verdict)
    }),
  )
})
