import type { SchedulerOptions, SchedulingPolicy } from '../scheduling-policy.ts'
import type { SchedulableFrame } from '../stream-slot.ts'
import { QueuePolicy } from './queue-policy.ts'

/** Earliest deadline first, in the largest batch that meets it; what cannot meet its own is dropped. */
export function earliestDeadline<F extends SchedulableFrame>(
  options: SchedulerOptions<F>,
): SchedulingPolicy<F> {
  return new QueuePolicy<F>(options, {
    order: 'deadline',
    decide(queue, nowMs, profile) {
      const needMs = profile.highMs(1)
      while (queue.first !== undefined && nowMs + needMs > queue.first.frame.deadlineAtMs)
        queue.dropFirst('late')
      if (queue.first === undefined) return 0
      let size = Math.min(options.batchMax, queue.length)
      while (size > 1 && nowMs + profile.highMs(size) > queue.first.frame.deadlineAtMs) size--
      return size
    },
  })
}
