import { access, constants } from 'node:fs/promises'
import { createWorker } from 'mediasoup'
import type { Router, TransportListenInfo, WebRtcServer, Worker } from 'mediasoup/types'
import { withTimeout, type Clock } from '#std/clock.ts'
import { messageOf } from '#std/coded-error.ts'
import { RelayOpenError } from './relay-open-error.ts'
import type { SupervisedWorker } from './worker-supervisor.ts'

/** A mediasoup worker process with its one router, behind one UDP and TCP port. */
export interface MediaWorker extends SupervisedWorker {
  readonly router: Router
  readonly webRtcServer: WebRtcServer
}

export interface MediaWorkerOptions {
  readonly clock: Clock
  /** Path of the mediasoup-worker program. */
  readonly workerBin: string
  readonly listenIp: string
  /** The address that viewers are told; null: `listenIp`. */
  readonly announcedAddress: string | null
  readonly port: number
}

/** It closes its sockets in milliseconds; what is left after this hangs. */
const exitLimitMs = 2000

/** Rejects with RelayOpenError. */
export async function startMediaWorker(
  options: MediaWorkerOptions,
  onEnded: (reason: string) => void,
): Promise<MediaWorker> {
  await requireExecutable(options.workerBin)
  const worker = await spawnWorker(options.workerBin)
  try {
    const webRtcServer = await worker.createWebRtcServer({ listenInfos: listenInfosOf(options) })
    const router = await worker.createRouter({ mediaCodecs: [] })
    worker.on('died', (error) => onEnded(error.message))
    return {
      pid: worker.pid,
      router,
      webRtcServer,
      ping: async () => void (await worker.getResourceUsage()),
      kill: () => kill(worker),
      [Symbol.asyncDispose]: () => end(worker, options.clock),
    }
  } catch (error) {
    await end(worker, options.clock)
    throw new RelayOpenError('worker_failed', `the media worker: ${messageOf(error)}`, {
      retryable: true,
      cause: error,
    })
  }
}

async function requireExecutable(workerBin: string): Promise<void> {
  try {
    await access(workerBin, constants.X_OK)
  } catch (error) {
    throw new RelayOpenError(
      'worker_missing',
      `the media worker is not at ${workerBin}; \`npm start\` fetches or builds it`,
      { cause: error },
    )
  }
}

async function spawnWorker(workerBin: string): Promise<Worker> {
  const before = signalListeners()
  try {
    const starting = createWorker({ workerBin, logLevel: 'warn' })
    dropListenersSince(before)
    return await starting
  } catch (error) {
    throw new RelayOpenError('worker_failed', `the media worker: ${messageOf(error)}`, {
      retryable: true,
      cause: error,
    })
  }
}

const signals = ['SIGINT', 'SIGTERM'] as const

function signalListeners(): ReadonlySet<NodeJS.SignalsListener> {
  return new Set(signals.flatMap((signal) => process.listeners(signal)))
}

/** mediasoup ends its worker by itself on SIGINT and SIGTERM; here the composition root says what stops when. */
function dropListenersSince(before: ReadonlySet<NodeJS.SignalsListener>): void {
  for (const signal of signals)
    for (const listener of process.listeners(signal))
      if (!before.has(listener)) process.removeListener(signal, listener)
}

function listenInfosOf(options: MediaWorkerOptions): TransportListenInfo[] {
  const { listenIp: ip, announcedAddress, port } = options
  const announced = announcedAddress === null ? {} : { announcedAddress }
  return [
    { protocol: 'udp', ip, port, ...announced },
    { protocol: 'tcp', ip, port, ...announced },
  ]
}

async function end(worker: Worker, clock: Clock): Promise<void> {
  if (worker.subprocessClosed) return
  const exited = new Promise<void>((resolve) => worker.once('subprocessclose', resolve))
  if (!worker.closed) worker.close()
  await withTimeout(clock, exited, exitLimitMs, () => kill(worker))
  await exited
}

function kill(worker: Worker): void {
  if (worker.subprocessClosed) return
  try {
    process.kill(worker.pid, 'SIGKILL')
  } catch {
    // It went by itself a moment ago; its end is about to be told.
  }
}
