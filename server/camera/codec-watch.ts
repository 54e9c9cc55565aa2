import type { Codec } from '#protocol/camera-state.ts'
import type { ParameterSets } from '../rtsp/access-unit.ts'
import { parseSps } from '../rtsp/sps.ts'

/** Follows the sequence parameter set in force: what the picture is, parsed once a change. */
export class CodecWatch {
  #sps: Buffer | null = null
  #current: Codec | null = null
  #notice: string | null = null

  /** Null until a readable SPS came. */
  get current(): Codec | null {
    return this.#current
  }

  /** What a person should know of a picture that is shown all the same; null where nothing is wrong. */
  get notice(): string | null {
    return this.#notice
  }

  seen(parameterSets: ParameterSets): Codec | null {
    // The newest one: a camera that changes its picture may do so under another id.
    const sps = parameterSets.sps.at(-1)
    if (sps === undefined || sps === this.#sps) return this.#current
    if (this.#sps !== null && sps.equals(this.#sps)) return this.#current
    this.#sps = sps
    const parsed = parseSps(sps)
    if (parsed === null) return this.#current
    const { profile, width, height, reorderFrames } = parsed
    this.#current = { name: 'H264', profile, width, height }
    this.#notice = reorderFrames !== null && reorderFrames > 0 ? bFrames : null
    return this.#current
  }
}

const bFrames =
  'The camera sends B-frames: browsers show it badly and frames are lost to detection. Turn them off in the camera.'
