import type { SchedulerOptions, SchedulingPolicy } from '../scheduling-policy.ts'
import type { SchedulableFrame } from '../stream-slot.ts'
import { QueuePolicy } from './queue-policy.ts'

/** First come, first served, as many as there are. */
export function fifo<F extends SchedulableFrame>(
  options: SchedulerOptions<F>,
): SchedulingPolicy<F> {
  return new QueuePolicy<F>(options, {
    order: 'arrival',
    decide: (queue) => Math.min(options.batchMax, queue.length),
  })
}
