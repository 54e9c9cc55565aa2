import type { CameraMessage, DetectionsMessage } from '#protocol/messages.ts'
import { EncodedResult } from './filter-group.ts'
import { textFrame } from './frame.ts'
import type { AnnouncedState, PublishedResult } from './publisher.ts'
import { ResultRing } from './result-ring.ts'

/** What is known of one camera here: its count of results, the newest of them, and its state. */
export class CameraLane {
  readonly id: string
  readonly ring = new ResultRing()
  #seq: number
  #state: AnnouncedState | null = null
  #stateFrame: Buffer | null = null

  constructor(id: string, lastSeq: number) {
    this.id = id
    this.#seq = lastSeq
  }

  /** Of the newest result; 0 before the first. */
  get seq(): number {
    return this.#seq
  }

  /** The newest `camera` message; null before the first. */
  get stateFrame(): Buffer | null {
    return this.#stateFrame
  }

  /** Counts, keeps and encodes. The keys stand in the order of the protocol's schema. */
  next(result: PublishedResult, nowMs: number): EncodedResult {
    this.#seq++
    const message: DetectionsMessage = {
      type: 'detections',
      camera: this.id,
      epoch: result.epoch,
      seq: this.#seq,
      rtpTimestamp: result.rtpTimestamp,
      cameraRtpTimestamp: result.cameraRtpTimestamp,
      capturedAt: result.capturedAt,
      capturedBy: result.capturedBy,
      capturedAtServerMs: result.capturedAtServerMs,
      frame: result.frame,
      model: result.model,
      timings: result.timings,
      objects: result.objects,
      missed: result.missed,
    }
    const encoded = new EncodedResult(message)
    this.ring.push(encoded, nowMs)
    return encoded
  }

  announce(state: AnnouncedState): Buffer {
    this.#state = state
    const message: CameraMessage = { type: 'camera', camera: this.id, ...state }
    this.#stateFrame = textFrame(JSON.stringify(message))
    return this.#stateFrame
  }

  /** The last word about this camera. */
  remove(): Buffer {
    const last = this.#state ?? unknownState
    return this.announce({
      ...last,
      state: 'removed',
      code: null,
      reason: 'the camera was removed',
      effectiveFps: 0,
      measuredFps: 0,
      shed: null,
      relay: 'idle',
    })
  }
}

const unknownState = { detectFps: 0, codec: null }
