import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RestartPolicy } from './restart-policy.ts'

/** How long after each crash the next start is refused, when every child crashes `livedMs` after its start. */
function waits(count: number, livedMs: number): number[] {
  const policy = new RestartPolicy()
  const found: number[] = []
  let nowMs = 0
  for (let i = 0; i < count; i++) {
    policy.started(nowMs)
    nowMs += livedMs
    policy.crashed(nowMs)
    let waitMs = 0
    while (!policy.mayStart(nowMs + waitMs)) waitMs += 10
    found.push(waitMs)
    nowMs += waitMs
  }
  return found
}

test('a series of crashes is followed at once, then ever later, at most after 5 s', () => {
  assert.deepEqual(waits(8, 100), [0, 250, 500, 1000, 2000, 4000, 5000, 5000])
})

test('a child that worked for a while starts the series anew', () => {
  assert.deepEqual(waits(3, 10_000), [0, 0, 0])
})
