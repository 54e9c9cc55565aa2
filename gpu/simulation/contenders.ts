import { earlyDrop } from '../policies/early-drop.ts'
import { earliestDeadline } from '../policies/earliest-deadline.ts'
import { fifo } from '../policies/fifo.ts'
import { fixedDelay } from '../policies/fixed-delay.ts'
import { RoundRobin } from '../policies/round-robin.ts'
import { Scheduler } from '../scheduler.ts'
import type { Scenario } from './scenario.ts'
import type { PolicyOf } from './simulate.ts'

export type ContenderName =
  | 'ours'
  | 'fifo'
  | 'fixed delay'
  | 'fixed delay, timeout'
  | 'earliest deadline'
  | 'early drop'
  | 'round robin'

/** Half a batch's fixed cost and picture: what those who run such servers set. */
const delayMs = ({ alphaMs, betaMs }: Scenario): number => 2 * (alphaMs + betaMs)

/** Ours and what it is measured against. A delay with timeout gives a frame up after half the budget. */
export const contenders: Readonly<Record<ContenderName, PolicyOf>> = {
  ours: (options) => new Scheduler(options),
  fifo: (options) => fifo(options),
  'fixed delay': (options, scenario) =>
    fixedDelay(options, { delayMs: delayMs(scenario), timeoutMs: Infinity }),
  'fixed delay, timeout': (options, scenario) =>
    fixedDelay(options, { delayMs: delayMs(scenario), timeoutMs: scenario.budgetMs / 2 }),
  'earliest deadline': (options) => earliestDeadline(options),
  'early drop': (options) => earlyDrop(options),
  'round robin': (options) => new RoundRobin(options),
}
