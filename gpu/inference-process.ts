import { type ChildProcess, fork } from 'node:child_process'
import { constants } from 'node:os'
import { assert } from '#std/assert.ts'
import type { FromWorker, InferenceBoot, RunMessage, ToWorker } from './inference-messages.ts'
import type {
  InferenceThread,
  InferenceThreadListener,
  StartInferenceThread,
} from './inference-thread.ts'
import { yuv420pBytes } from './yuv420p.ts'

/** Frames of one shape with their pixels, one after another: memory cannot be shared between processes. */
export interface PixelsMessage extends Pick<RunMessage, 'batchId' | 'width' | 'height'> {
  readonly kind: 'pixels'
  readonly count: number
  readonly pixels: Uint8Array
}

export type ToProcess =
  PixelsMessage | Exclude<ToWorker, RunMessage | { readonly kind: 'memory' | 'forget' }>

/**
 * Starts child processes whose module is `entry`. A crash in native code ends one of them and nothing else, at the
 * price of pixels that are copied. A child leaves when the server is gone, whatever became of it.
 */
export function inferenceProcesses(entry: URL): StartInferenceThread {
  return (boot, listener) => new InferenceProcess(entry, boot, listener)
}

class InferenceProcess implements InferenceThread {
  readonly #child: ChildProcess
  readonly #memories = new Map<number, Uint8Array>()
  #pixels = new Uint8Array()

  constructor(entry: URL, boot: InferenceBoot, listener: InferenceThreadListener) {
    // The environment is the server's: ORT_DISABLE_TELEMETRY is in it. Flags of Node (an inspector's port) are not.
    this.#child = fork(entry, [JSON.stringify(boot)], {
      serialization: 'advanced',
      execArgv: [],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    this.#child.on('message', (message: FromWorker) => listener.onMessage(message))
    this.#child.on('error', (error) => {
      listener.onError(error)
      // Nothing was started, so nothing will exit.
      if (this.#child.pid === undefined) listener.onExit(1)
    })
    this.#child.on('exit', (code, signal) => listener.onExit(code ?? exitCodeOf(signal)))
  }

  post(message: ToWorker): void {
    switch (message.kind) {
      case 'memory':
        this.#memories.set(message.memoryId, new Uint8Array(message.memory))
        return
      case 'forget':
        this.#memories.delete(message.memoryId)
        return
      case 'run':
        this.#send(this.#withPixels(message))
        return
      case 'rehearse':
      case 'leave':
        this.#send(message)
    }
  }

  /** It holds nothing that the kernel does not take back. */
  abandon(): void {
    this.#child.kill('SIGKILL')
  }

  #send(message: ToProcess): void {
    // A child that is gone in this very moment is told by `exit`.
    if (this.#child.connected) this.#child.send(message, () => {})
  }

  #withPixels({ batchId, width, height, memoryIds, byteOffsets }: RunMessage): PixelsMessage {
    const frameBytes = yuv420pBytes({ width, height })
    const bytes = frameBytes * byteOffsets.length
    if (this.#pixels.length < bytes) this.#pixels = new Uint8Array(bytes)
    for (const [index, byteOffset] of byteOffsets.entries()) {
      const slot = this.#memories
        .get(memoryIds[index] ?? -1)
        ?.subarray(byteOffset, byteOffset + frameBytes)
      assert(slot?.length === frameBytes, 'a frame lies inside a memory that was announced')
      this.#pixels.set(slot, index * frameBytes)
    }
    const pixels = this.#pixels.subarray(0, bytes)
    return { kind: 'pixels', batchId, width, height, count: byteOffsets.length, pixels }
  }
}

/** As shells have it: 134 is SIGABRT. */
function exitCodeOf(signal: NodeJS.Signals | null): number {
  return signal === null ? 1 : 128 + constants.signals[signal]
}
