import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { SourceCode } from '#protocol/camera-state.ts'
import { planRetry } from './retry-rule.ts'
import { SourceError } from './source.ts'

interface Case {
  readonly code: SourceCode
  /** Null: never. */
  readonly liveAgoMs: number | null
  readonly failures: number
  readonly delayMs: number
  readonly isRefused?: boolean
}

const cases: Readonly<Record<string, Case>> = {
  'a wrong password': {
    code: 'unauthorized',
    liveAgoMs: null,
    failures: 1,
    delayMs: 60_000,
    isRefused: true,
  },
  'a wrong password since a moment ago': {
    code: 'unauthorized',
    liveAgoMs: 500,
    failures: 1,
    delayMs: 60_000,
    isRefused: true,
  },
  'a codec nobody can do': {
    code: 'unsupported_codec',
    liveAgoMs: null,
    failures: 1,
    delayMs: 60_000,
    isRefused: true,
  },
  'an unknown path': {
    code: 'not_found',
    liveAgoMs: null,
    failures: 1,
    delayMs: 60_000,
    isRefused: true,
  },
  'no video': { code: 'no_video', liveAgoMs: null, failures: 3, delayMs: 60_000, isRefused: true },
  'an unknown path of a camera that just was live: it is starting up': {
    code: 'not_found',
    liveAgoMs: 3000,
    failures: 4,
    delayMs: 250,
  },
  'gone a moment ago': { code: 'ended', liveAgoMs: 10, failures: 1, delayMs: 250 },
  'gone for ten seconds': { code: 'unreachable', liveAgoMs: 10_000, failures: 40, delayMs: 250 },
  'gone for longer': { code: 'unreachable', liveAgoMs: 10_001, failures: 41, delayMs: 1000 },
  'gone for ten minutes': { code: 'unreachable', liveAgoMs: 600_000, failures: 600, delayMs: 1000 },
  'given up on': { code: 'unreachable', liveAgoMs: 600_001, failures: 600, delayMs: 5000 },
  'never there, first': { code: 'unreachable', liveAgoMs: null, failures: 1, delayMs: 250 },
  'never there, third': { code: 'unreachable', liveAgoMs: null, failures: 3, delayMs: 1000 },
  'never there for a year': {
    code: 'no_data',
    liveAgoMs: null,
    failures: 6_000_000,
    delayMs: 5000,
  },
}

describe('when the next try begins', () => {
  for (const [name, { code, liveAgoMs, failures, delayMs, isRefused = false }] of Object.entries(
    cases,
  ))
    test(name, () => {
      const nowMs = 1_000_000
      const after = {
        error: new SourceError(code, 'x'),
        lastLiveAtMs: liveAgoMs === null ? null : nowMs - liveAgoMs,
        failures,
        nowMs,
      }
      const plan = planRetry({ ...after, random: 0.5 })
      assert.equal(plan.delayMs, delayMs)
      assert.equal(plan.isRefused, isRefused)
      // A fifth to either side, but never faster than every 200 ms.
      assert.ok(planRetry({ ...after, random: 0 }).delayMs >= 0.8 * delayMs)
      assert.ok(planRetry({ ...after, random: 0.999 }).delayMs <= 1.2 * delayMs)
      assert.ok(plan.connectPatienceMs >= 250 && plan.connectPatienceMs <= 2000)
    })
})
