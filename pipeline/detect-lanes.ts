import type { Detection } from '#gpu/detection.ts'
import type {
  Detector,
  DetectorStream,
  FrameOutcome,
  ModelIdentity,
  OfferedFrame,
} from '#gpu/detector.ts'
import type { Clock } from '#std/clock.ts'
import { StageError } from './stage-error.ts'

/** Pixels as `inputGeometry` has FFmpeg make them, in the lanes' memory. */
export interface LanePicture {
  readonly byteOffset: number
  readonly width: number
  readonly height: number
  /** Called once, when nobody reads the pixels any more. */
  release(): void
}

export interface Found {
  /** Best first. */
  readonly detections: readonly Detection[]
  readonly model: ModelIdentity
}

export interface DetectLanesOptions {
  readonly detector: Detector
  /** What `byteOffset` of the pictures points into. */
  readonly memory: SharedArrayBuffer
  readonly lanes: number
  readonly clock: Clock
}

interface Job {
  readonly picture: LanePicture
  readonly settled: PromiseWithResolvers<Found>
  tries: number
}

interface Lane {
  readonly stream: DetectorStream<OfferedFrame & { readonly job: Job }>
}

/** A worker that dies takes its batch with it; one that dies of a picture would do so for ever. */
const triesMax = 3

/**
 * How files use the detector of the cameras: each lane is a stream that offers its next picture when it knows what
 * became of the last, so that none is superseded, late or paced. Two lanes a session keep it busy.
 */
export class DetectLanes implements Disposable {
  readonly #options: DetectLanesOptions
  readonly #lanes: readonly Lane[]
  readonly #free: Lane[]
  /** As many as the caller has slots for pictures. */
  readonly #waiting: Job[] = []
  #isDisposed = false

  constructor(options: DetectLanesOptions) {
    this.#options = options
    this.#lanes = Array.from({ length: options.lanes }, (_, index) => this.#open(index))
    this.#free = [...this.#lanes]
  }

  /** Rejects with StageError where the detector cannot do it. */
  detect(picture: LanePicture): Promise<Found> {
    const job: Job = { picture, settled: Promise.withResolvers<Found>(), tries: 0 }
    const lane = this.#free.pop()
    if (lane === undefined) this.#waiting.push(job)
    else this.#offer(lane, job)
    return job.settled.promise
  }

  /** What has not ended is rejected. */
  [Symbol.dispose](): void {
    if (this.#isDisposed) return
    this.#isDisposed = true
    for (const { stream } of this.#lanes) stream[Symbol.dispose]()
    for (const job of this.#waiting.splice(0)) giveUp(job, 'the lanes are closed')
  }

  #open(index: number): Lane {
    const { detector, memory } = this.#options
    const lane: Lane = {
      stream: detector.addStream({
        streamId: `file-${index}`,
        memory,
        weight: 1,
        detectFps: 0,
        onOutcome: ({ job }, outcome) => this.#ended(lane, job, outcome),
      }),
    }
    return lane
  }

  #offer(lane: Lane, job: Job): void {
    const { byteOffset, width, height } = job.picture
    const capturedAtMs = this.#options.clock.nowMs()
    job.tries++
    lane.stream.offer({ byteOffset, width, height, capturedAtMs, deadlineAtMs: Infinity, job })
  }

  #ended(lane: Lane, job: Job, outcome: FrameOutcome): void {
    if (outcome.kind === 'detected') {
      job.picture.release()
      job.settled.resolve({ detections: outcome.detections, model: outcome.model })
    } else {
      const isLost = outcome.kind === 'failed' && outcome.code === 'inference_lost'
      if (isLost && job.tries < triesMax && !this.#isDisposed) return this.#offer(lane, job)
      giveUp(job, outcome.kind === 'failed' ? outcome.code : outcome.kind)
    }
    if (this.#isDisposed) return
    const next = this.#waiting.shift()
    if (next === undefined) this.#free.push(lane)
    else this.#offer(lane, next)
  }
}

function giveUp({ picture, settled }: Job, reason: string): void {
  picture.release()
  settled.reject(new StageError('environment_missing', `the detector gave a picture up: ${reason}`))
}
