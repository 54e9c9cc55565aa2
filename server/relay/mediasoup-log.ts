import { setLogEventListeners } from 'mediasoup'
import type { Clock } from '#std/clock.ts'
import type { Log } from '#std/log.ts'
import { LossCounter } from '#std/loss-counter.ts'

/** Brings mediasoup's own complaints into our log, at most one line a second. It has one log for the whole process. */
export function forwardMediasoupLog(clock: Clock, log: Log): Disposable {
  const complaints = new LossCounter(clock, (count, example) =>
    log.warn('mediasoup complains', { count, example }),
  )
  setLogEventListeners({
    onwarn: (area, message) => complaints.add(`${area} ${message}`),
    onerror: (area, message) => complaints.add(`${area} ${message}`),
  })
  return {
    [Symbol.dispose]() {
      setLogEventListeners()
      complaints[Symbol.dispose]()
    },
  }
}
