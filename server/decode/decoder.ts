import type { StampedUnit } from '../source/stamped-unit.ts'

/** A decoded, scaled picture in a slot of the camera's frame pool. */
export interface DecodedFrame {
  /** The unit it was decoded from. */
  readonly stamped: StampedUnit
  /** Where its pixels start in the pool: `width * height * 1.5` bytes. */
  readonly byteOffset: number
  /** Size of the scaled picture. */
  readonly width: number
  readonly height: number
  readonly decodedAtMs: number
  /** Gives the slot back; exactly once. */
  release(): void
}

/** What becomes of units that never turn into a frame. */
export type DecodeLoss = 'damaged' | 'failed'

export interface DecoderListener {
  /** The listener owns the frame until it calls `release`. */
  onFrame(frame: DecodedFrame): void
  /** Each pushed unit ends in exactly one `onFrame` or one `onLost`, in any order. */
  onLost(stamped: StampedUnit, loss: DecodeLoss, reason: string): void
  /** The child died and a new one takes over at the next key frame. */
  onRestart(reason: string): void
}

/** How pixels are to arrive: from gpu/letterbox.ts. */
export interface DecodeGeometry {
  readonly width: number
  readonly height: number
  /** FFmpeg filter string that scales (and pads, where the model wants it). */
  readonly filter: string
  readonly pixelFormat: 'yuv420p'
}

/** Access units in, frames out; never throws for bad input, never blocks. */
export interface Decoder extends AsyncDisposable {
  /** The memory that `byteOffset` of its frames points into; the same for the decoder's whole life. */
  readonly memory: SharedArrayBuffer
  push(stamped: StampedUnit): void
  /** The source was cut: units in the child are given up, the next key frame starts anew. */
  reset(): void
  /** Process id of the running child, for the operator and for tests; null between two. */
  readonly pid: number | null
}
