import { systemClock } from '#std/clock.ts'
import { silentLog } from '#std/log.ts'
import { openRelay } from '../mediasoup-relay.ts'
import { workerBin } from './worker-bin.ts'

/** A process of its own that holds a relay until it is killed; prints its worker's process id. */
const relay = await openRelay({
  clock: systemClock,
  log: silentLog,
  workerBin,
  rtcPort: 0,
  listenIp: '127.0.0.1',
  announcedAddress: null,
})
process.stdout.write(`${relay.status().workerPid}\n`)
