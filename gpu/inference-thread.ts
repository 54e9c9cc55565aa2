import { Worker } from 'node:worker_threads'
import type { FromWorker, InferenceBoot, ToWorker } from './inference-messages.ts'

export interface InferenceThreadListener {
  onMessage(message: FromWorker): void
  /** An exception that nobody caught; `onExit` follows. */
  onError(error: unknown): void
  onExit(code: number): void
}

/** What a session needs of its thread. There is no `terminate`: it aborts the process inside `run` or `create`. */
export interface InferenceThread {
  post(message: ToWorker): void
  /** A thread that hangs must not keep the process. */
  abandon(): void
}

export type StartInferenceThread = (
  boot: InferenceBoot,
  listener: InferenceThreadListener,
) => InferenceThread

/** Starts threads whose module is `entry`. */
export function inferenceThreads(entry: URL): StartInferenceThread {
  return (boot, listener) => {
    const worker = new Worker(entry, { workerData: boot, name: 'inference' })
    worker.on('message', (message: FromWorker) => listener.onMessage(message))
    worker.on('messageerror', (error) => listener.onError(error))
    worker.on('error', (error) => listener.onError(error))
    worker.on('exit', (code) => listener.onExit(code))
    return {
      post: (message) => worker.postMessage(message, []),
      abandon: () => worker.unref(),
    }
  }
}
