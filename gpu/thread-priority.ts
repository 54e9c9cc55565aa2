import { readlinkSync } from 'node:fs'
import { constants, setPriority } from 'node:os'
import { messageOf } from '#std/coded-error.ts'

/** Behind the main thread: p95 is shortest where decoding and the main thread go first. */
const niceness = 10

/**
 * Lowers the calling *thread's* priority, and so that of the threads it starts later. Linux alone has a niceness per
 * thread; elsewhere nothing happens. Returns null, or why it was not done.
 */
export function lowerThreadPriority(): string | null {
  if (process.platform !== 'linux') return 'threads have no priority of their own on this system'
  try {
    // `<pid>/task/<tid>`
    const tid = Number(readlinkSync('/proc/thread-self').split('/').at(-1))
    setPriority(tid, Math.min(niceness, constants.priority.PRIORITY_LOW))
    return null
  } catch (error) {
    return `thread priority stays as it is: ${messageOf(error)}`
  }
}
