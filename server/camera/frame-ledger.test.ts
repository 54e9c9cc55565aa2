import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { FrameLedger, type Outcome, outcomes } from './frame-ledger.ts'

const losses = ['superseded', 'late', 'paced', 'damaged', 'failed'] as const

describe('a unit that never came', () => {
  for (const outcome of outcomes)
    test(`cannot end as ${outcome}`, () => {
      const ledger = new FrameLedger()
      assert.throws(() => ledger.settled(outcome), new RegExp(`ended as ${outcome}`))
      assert.equal(ledger.counts().received, 0)
    })

  test('cannot end, nor can one end twice', () => {
    const ledger = new FrameLedger()
    ledger.received()
    ledger.settled('late')
    assert.throws(() => ledger.settled('detected'), /never received, or twice/)
    assert.deepEqual(ledger.counts(), {
      received: 1,
      inFlight: 0,
      detected: 0,
      superseded: 0,
      late: 1,
      paced: 0,
      damaged: 0,
      failed: 0,
    })
  })
})

const event = fc.constantFrom<'received' | 'take' | Outcome>('received', 'take', ...outcomes)

test('whatever comes and ends, received is the sum of the others, each as often as it was told', () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 200 }), (events) => {
      const ledger = new FrameLedger()
      const expected = { received: 0, ...countsOf([]) }
      let inFlight = 0
      for (const kind of events) {
        if (kind === 'take') ledger.takeMissed()
        else if (kind === 'received') {
          ledger.received()
          expected.received++
          inFlight++
        } else if (inFlight === 0) assert.throws(() => ledger.settled(kind))
        else {
          ledger.settled(kind)
          expected[kind]++
          inFlight--
        }
        const { received, ...others } = ledger.counts()
        assert.equal(
          received,
          Object.values(others).reduce((sum, count) => sum + count),
        )
        assert.deepEqual(ledger.counts(), { ...expected, inFlight })
      }
    }),
  )
})

test('what is told as missed adds up to the counts, however often it is asked', () => {
  const part = fc.array(fc.constantFrom(...outcomes), { maxLength: 20 })
  fc.assert(
    fc.property(fc.array(part, { maxLength: 10 }), (parts) => {
      const ledger = new FrameLedger()
      for (const ended of parts) {
        for (const outcome of ended) {
          ledger.received()
          ledger.settled(outcome)
        }
        const { detected: _, ...expected } = countsOf(ended)
        assert.deepEqual(ledger.takeMissed(), expected)
      }
      const nothing = Object.fromEntries(losses.map((loss) => [loss, 0]))
      assert.deepEqual(ledger.takeMissed(), nothing)
    }),
  )
})

function countsOf(ended: readonly Outcome[]): Record<Outcome, number> {
  const counts = { detected: 0, superseded: 0, late: 0, paced: 0, damaged: 0, failed: 0 }
  for (const outcome of ended) counts[outcome]++
  return counts
}
