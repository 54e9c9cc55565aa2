import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decideSessionCount, sessionsToTry, sessionSteps } from './session-count.ts'

const budgets = [
  { cores: 2, decodeCores: 0.03, tried: 2, name: 'two cores, one camera' },
  { cores: 2, decodeCores: 0.9, tried: 2, name: 'two cores, 16 cameras' },
  { cores: 2, decodeCores: 1.2, tried: 1, name: 'two cores, 32 cameras' },
  { cores: 2, decodeCores: 5, tried: 1, name: 'two cores, more cameras than they can decode' },
  { cores: 1, decodeCores: 0.1, tried: 1, name: 'one core' },
  { cores: 0.5, decodeCores: 0, tried: 1, name: 'half a core' },
  { cores: 1.5, decodeCores: 0.1, tried: 2, name: 'a quota of a core and a half' },
  { cores: 16, decodeCores: 3.2, tried: 13, name: 'sixteen cores' },
  { cores: 256, decodeCores: 1, tried: 32, name: 'a very large machine' },
]
for (const { name, tried, ...budget } of budgets)
  test(`Sessions worth trying: ${name}.`, () => {
    assert.equal(sessionsToTry(budget), tried)
  })

test('They are measured one, two, four .. and all at once.', () => {
  assert.deepEqual(sessionSteps(1), [1])
  assert.deepEqual(sessionSteps(2), [1, 2])
  assert.deepEqual(sessionSteps(4), [1, 2, 4])
  assert.deepEqual(sessionSteps(13), [1, 2, 4, 8, 13])
})

const decisions = [
  { name: 'a second core that is one', of: [100, 190], sessions: 2 },
  { name: 'two threads of one core', of: [100, 124], sessions: 2 },
  { name: 'a second that brings too little', of: [100, 114], sessions: 1 },
  { name: 'a second that is in the way', of: [100, 90], sessions: 1 },
  { name: 'memory that is fast enough for four', of: [100, 200, 390, 430, 440], sessions: 4 },
  { name: 'memory that is fast enough for eight', of: [100, 200, 390, 500, 510], sessions: 8 },
]
for (const { name, of, sessions } of decisions)
  test(`Sessions that stay: ${name}.`, () => {
    const steps = sessionSteps(of.length === 2 ? 2 : 13)
    const measured = of.map((perCpuSecond, index) => ({
      sessions: steps[index] ?? 0,
      perCpuSecond,
    }))
    const count = decideSessionCount({ cores: steps.at(-1) ?? 0, decodeCores: 0.4 }, measured)
    assert.equal(count.sessions, sessions)
  })

test('The reason says what was found.', () => {
  const reasonOf = (cores: number, decodeCores: number, ...of: number[]) =>
    decideSessionCount(
      { cores, decodeCores },
      of.map((perCpuSecond, index) => ({ sessions: index + 1, perCpuSecond })),
    ).reason
  assert.equal(reasonOf(1, 0.12), '1 cores, of which decoding takes 0.12')
  assert.equal(
    reasonOf(2, 0.5, 100, 187),
    '2 cores, of which decoding takes 0.5; the last one brings 87 % of what one alone does',
  )
  assert.equal(
    reasonOf(2, 0.5, 100, 105),
    '2 cores, of which decoding takes 0.5; more than 1 would bring 5 % of a session each',
  )
})

test('Where nothing could be measured, all that were tried stay.', () => {
  const { sessions, reason } = decideSessionCount({ cores: 4, decodeCores: 0.5 }, [])
  assert.equal(sessions, 4)
  assert.match(reason, /not measured/)
})
