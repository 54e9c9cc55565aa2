import type { GapMessage } from '#protocol/messages.ts'
import { textFrame } from './frame.ts'

interface Waiting {
  seq: number
  frame: Buffer
  /** The first and last seq that gave way to this one; null where none did. */
  missed: { readonly from: number; to: number } | null
}

/** The latest result per camera for a client that is behind: bounded by the number of cameras. */
export class ConflateLane {
  readonly #waiting = new Map<string, Waiting>()

  /** True: an older result of the camera gave way. */
  put(cameraId: string, seq: number, frame: Buffer): boolean {
    const waiting = this.#waiting.get(cameraId)
    if (waiting === undefined) {
      this.#waiting.set(cameraId, { seq, frame, missed: null })
      return false
    }
    if (waiting.missed === null) waiting.missed = { from: waiting.seq, to: waiting.seq }
    else waiting.missed.to = waiting.seq
    waiting.seq = seq
    waiting.frame = frame
    return true
  }

  /**
   * Offers each waiting result, longest waiting camera first and after the `gap` it needs, until `accept` refuses one;
   * what was accepted waits no more.
   */
  take(accept: (frames: readonly Buffer[], bytes: number) => boolean): void {
    for (const [cameraId, waiting] of this.#waiting) {
      const frames =
        waiting.missed === null
          ? [waiting.frame]
          : [gapFrame({ camera: cameraId, ...waiting.missed, reason: 'conflated' }), waiting.frame]
      const bytes = frames.reduce((sum, frame) => sum + frame.length, 0)
      if (!accept(frames, bytes)) return
      this.#waiting.delete(cameraId)
    }
  }

  keepOnly(wants: (cameraId: string) => boolean): void {
    for (const cameraId of this.#waiting.keys())
      if (!wants(cameraId)) this.#waiting.delete(cameraId)
  }

  clear(): void {
    this.#waiting.clear()
  }
}

export function gapFrame(gap: Omit<GapMessage, 'type'>): Buffer {
  return textFrame(JSON.stringify({ type: 'gap', ...gap } satisfies GapMessage))
}
