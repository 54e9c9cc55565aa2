import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock } from '#std/fake-clock.ts'
import { fakeModel, fakeSubject } from './verify-subject.fixture.ts'
import { verifySpeed } from './verify-speed.ts'

for (const { name, ourMs, verdict } of [
  { name: 'as fast as', ourMs: 10, verdict: 'passed' },
  { name: '9 % slower than', ourMs: 10.9, verdict: 'passed' },
  { name: '12 % slower than', ourMs: 11.2, verdict: 'failed' },
])
  test(`a model ${name} the champion has ${verdict} gate E`, async () => {
    const clock = new FakeClock()
    const taking = (ms: number) => fakeModel({ onRun: () => clock.advance(ms) })
    const subject = fakeSubject({ model: taking(ourMs), clock })
    const { verdict: found, checks } = await verifySpeed(subject, taking(10))
    assert.equal(found, verdict)
    assert.equal(checks.length, 1, 'a CPU runs one picture at a time')
  })

test('another program that slows down one block of five does not fail gate E', async () => {
  const clock = new FakeClock()
  let runs = 0
  const ours = fakeModel({ onRun: () => clock.advance(++runs < 60 ? 40 : 10) })
  const champion = fakeModel({ onRun: () => clock.advance(10) })
  const { verdict } = await verifySpeed(fakeSubject({ model: ours, clock }), champion)
  assert.equal(verdict, 'passed')
})

test('without a champion gate E is left out, and says so', async () => {
  const subject = fakeSubject({ model: fakeModel({}), clock: new FakeClock() })
  const { verdict, checks } = await verifySpeed(subject, null)
  assert.equal(verdict, 'left out')
  assert.match(checks[0]?.measured ?? '', /no champion/)
})
