import type { SchedulerOptions, SchedulingPolicy } from '../scheduling-policy.ts'
import type { SchedulableFrame } from '../stream-slot.ts'
import { QueuePolicy } from './queue-policy.ts'

/**
 * A batch goes when it is full or its first frame has waited `delayMs`; frames that waited `timeoutMs` are dropped. The
 * dynamic batching of common inference servers.
 */
export function fixedDelay<F extends SchedulableFrame>(
  options: SchedulerOptions<F>,
  { delayMs, timeoutMs }: { readonly delayMs: number; readonly timeoutMs: number },
): SchedulingPolicy<F> {
  return new QueuePolicy<F>(options, {
    order: 'arrival',
    decide(queue, nowMs) {
      while (queue.first !== undefined && nowMs - queue.first.arrivedAtMs > timeoutMs)
        queue.dropFirst('late')
      if (queue.first === undefined) return 0
      const untilMs = queue.first.arrivedAtMs + delayMs
      if (queue.length < options.batchMax && untilMs > nowMs) return { untilMs }
      return Math.min(options.batchMax, queue.length)
    },
  })
}
