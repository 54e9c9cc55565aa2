import type { SchedulerOptions, SchedulingPolicy } from '../scheduling-policy.ts'
import type { SchedulableFrame } from '../stream-slot.ts'
import { QueuePolicy } from './queue-policy.ts'

/**
 * The largest batch of which two fit into the time a frame has left; frames are dropped from the front until that batch meets
 * the first one's deadline.
 */
export function earlyDrop<F extends SchedulableFrame>(
  options: SchedulerOptions<F>,
): SchedulingPolicy<F> {
  return new QueuePolicy<F>(options, {
    order: 'arrival',
    decide(queue, nowMs, profile) {
      const { first } = queue
      if (first === undefined) return 0
      const slackMs = first.frame.deadlineAtMs - first.arrivedAtMs
      let target = 1
      while (target < options.batchMax && 2 * profile.highMs(target + 1) <= slackMs) target++
      while (queue.first !== undefined) {
        const size = Math.min(target, queue.length)
        if (nowMs + profile.highMs(size) <= queue.first.frame.deadlineAtMs) return size
        queue.dropFirst('late')
      }
      return 0
    },
  })
}
