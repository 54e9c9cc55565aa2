import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodePcmClip } from './pcm-clip.ts'
import { stampUnits } from './stamp-units.ts'
import { UnitLedger } from './unit-ledger.ts'

const units = stampUnits(
  encodePcmClip({ width: 16, height: 16, count: 8, keyEvery: 8, lumaOf: () => 16 }),
)

function filled(count: number, capacity = 8): UnitLedger {
  const ledger = new UnitLedger(capacity)
  for (const unit of units.slice(0, count)) ledger.add(unit)
  return ledger
}

test('a number that was never given, or is settled, yields nothing', () => {
  const ledger = filled(3)
  const nobody = (): void => assert.fail('nothing is skipped')
  assert.equal(ledger.take(3, nobody), null)
  assert.equal(ledger.take(-1, nobody), null)
  assert.equal(ledger.take(0, nobody), units[0])
  assert.equal(ledger.take(0, nobody), null)
  assert.equal(ledger.count, 2)
})

test('a later number settles those before it, oldest first', () => {
  const ledger = filled(4)
  const skipped: unknown[] = []
  assert.equal(
    ledger.take(2, (stamped) => skipped.push(stamped)),
    units[2],
  )
  assert.deepEqual(skipped, units.slice(0, 2))
  assert.equal(ledger.count, 1)
})

test('a listener may clear the ledger while it is told what was skipped', () => {
  const ledger = filled(4)
  const lost: unknown[] = []
  const taken = ledger.take(2, () => ledger.clear((stamped) => lost.push(stamped)))
  assert.equal(taken, units[2])
  assert.deepEqual(lost, [units[3]])
})

test('the ring takes no more than its capacity and goes round', () => {
  const ledger = filled(3, 3)
  assert.equal(ledger.isFull, true)
  assert.throws(() => units[3] && ledger.add(units[3]), /room/)
  ledger.take(1, () => {})
  for (const unit of units.slice(3, 5)) ledger.add(unit)
  const rest: unknown[] = []
  ledger.clear((stamped) => rest.push(stamped))
  assert.deepEqual(rest, units.slice(2, 5))
  assert.equal(ledger.next, 5)
  ledger.restart()
  assert.equal(ledger.next, 0)
})
