import { ChildProcess } from 'node:child_process'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
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

/** It answers within 50 ms, a busy machine aside; a program that says nothing for so long is no worker, or hangs. */
const startLimitMs = 10_000
/** It closes its sockets in milliseconds; what is left after this hangs. */
const exitLimitMs = 2000

/** Rejects with RelayOpenError. */
export async function startMediaWorker(
  options: MediaWorkerOptions,
  onEnded: (reason: string) => void,
): Promise<MediaWorker> {
  await requireExecutable(options.workerBin)
  const worker = await spawnWorker(options)
  try {
    const { webRtcServer, router } = await withTimeout(
      options.clock,
      furnish(worker, options),
      startLimitMs,
      hangs,
    )
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

async function furnish(
  worker: Worker,
  options: MediaWorkerOptions,
): Promise<{ webRtcServer: WebRtcServer; router: Router }> {
  return {
    webRtcServer: await worker.createWebRtcServer({ listenInfos: listenInfosOf(options) }),
    router: await worker.createRouter({ mediaCodecs: [] }),
  }
}

async function spawnWorker({ workerBin, clock }: MediaWorkerOptions): Promise<Worker> {
  const before = signalListeners()
  try {
    const { result, children } = watchChildren(() => createWorker({ workerBin, logLevel: 'warn' }))
    dropListenersSince(before)
    return await withTimeout(clock, result, startLimitMs, () => {
      for (const child of children) child.kill('SIGKILL')
      return hangs()
    })
  } catch (error) {
    throw new RelayOpenError('worker_failed', `the media worker: ${messageOf(error)}`, {
      retryable: true,
      cause: error,
    })
  }
}

function hangs(): never {
  throw new Error(`it does not answer within ${startLimitMs} ms of its start`)
}

/** Which processes `spawn` starts before it returns: mediasoup does not hand over one that is not ready yet. */
function watchChildren<T>(spawn: () => T): { result: T; children: readonly ChildProcess[] } {
  const children: ChildProcess[] = []
  const onChild = (message: unknown): void => {
    if (typeof message === 'object' && message !== null && 'process' in message)
      if (message.process instanceof ChildProcess) children.push(message.process)
  }
  subscribe('child_process', onChild)
  try {
    return { result: spawn(), children }
  } finally {
    unsubscribe('child_process', onChild)
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
