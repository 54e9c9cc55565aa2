import assert from 'node:assert/strict'
import type { Batch } from './batch.ts'
import { Scheduler } from './scheduler.ts'
import type { SchedulerMode } from './scheduling-policy.ts'
import type { SchedulableFrame } from './stream-slot.ts'

export interface Frame extends SchedulableFrame {
  readonly name: string
}

/** A scheduler whose batches of b take `latencyMs(b)` exactly, and the log of what it did not dispatch. */
export function setUp(
  options: {
    readonly batchMax?: number
    readonly mode?: SchedulerMode
    readonly latencyMs?: (batchSize: number) => number
  } = {},
) {
  const { batchMax = 1, mode = 'fresh', latencyMs = (batchSize) => 10 * batchSize } = options
  const undetected: string[] = []
  const scheduler = new Scheduler<Frame>({
    batchMax,
    mode,
    onUndetected: (frame, outcome) => undetected.push(`${frame.name} ${outcome}`),
  })
  for (let batchSize = 1; batchSize <= batchMax; batchSize++)
    for (let i = 0; i < 3; i++)
      scheduler.calibrate({ width: 416, height: 234 }, { batchSize, ms: latencyMs(batchSize) })
  return { scheduler, undetected }
}

export function frameOf(name: string, capturedAtMs: number, budgetMs = 200, height = 234): Frame {
  return { name, capturedAtMs, deadlineAtMs: capturedAtMs + budgetMs, width: 416, height }
}

/** The names in the batch that the scheduler dispatches now, or what it says instead. */
export function polled(scheduler: Scheduler<Frame>, nowMs: number, freeSessions = 1): string {
  const decision = scheduler.poll(nowMs, freeSessions)
  if (decision.kind === 'wait') return `wait ${decision.atMs}`
  return decision.kind === 'idle' ? 'idle' : names(decision.batch)
}

export function names(batch: Batch<Frame>): string {
  return batch.frames.map(({ name }) => name).join(' ')
}

export function dispatched(
  scheduler: Scheduler<Frame>,
  nowMs: number,
  freeSessions = 1,
): Batch<Frame> {
  const decision = scheduler.poll(nowMs, freeSessions)
  assert.equal(decision.kind, 'dispatch')
  return decision.kind === 'dispatch' ? decision.batch : assert.fail()
}

export const everyFrame = { weight: 1, detectFps: 0 }
