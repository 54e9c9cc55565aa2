import type { Detector, DetectorStream, FrameOutcome, OfferedFrame } from '#gpu/detector.ts'
import { detectedObject } from '#protocol/detected-object.ts'
import type { DecodedFrame, Decoder } from '#server/decode/decoder.ts'
import { openDecoder } from '#server/decode/open-decoder.ts'
import { parseSps } from '#server/rtsp/sps.ts'
import { rtspSource } from '#server/source/rtsp-source.ts'
import type { StampedUnit } from '#server/source/stamped-unit.ts'
import { type SourceState, superviseSource } from '#server/source/supervisor.ts'
import type { Clock } from '#std/clock.ts'
import { silentLog } from '#std/log.ts'
import type { StreamLine } from './inference-line.ts'
import { StageError } from './stage-error.ts'

export interface InferStreamOptions {
  /** rtsp:// */
  readonly url: string
  readonly detector: Detector
  readonly ffmpegPath: string
  readonly clock: Clock
  readonly signal: AbortSignal
  /** Ends after so many results, or so long; without end where null. */
  readonly framesMax: number | null
  readonly secondsMax: number | null
  /** The camera went away, or came back. */
  readonly onNote: (sentence: string) => void
}

/** Access units by what became of them. */
export interface StreamCounts {
  detected: number
  /** A newer picture was there before the model was free. */
  superseded: number
  lost: number
}

/** Results that the consumer has not taken: a terminal that is held up for longer loses the oldest, which are counted as lost. */
const linesWaitingMax = 256
/** A camera that was never seen for so long is not there. */
const firstPictureMsMax = 10_000

/**
 * A camera as the server sees it: the newest picture, as often as the model manages, with reconnects. Resolves when a limit is
 * reached; throws the signal's reason, and StageError `input_missing` for a camera that refuses or is not there.
 */
export async function* inferStream(
  options: InferStreamOptions,
  counts: StreamCounts,
): AsyncGenerator<StreamLine> {
  const { clock, signal, framesMax, secondsMax } = options
  await using session = new StreamSession(options, counts)
  const endAtMs = secondsMax === null ? Infinity : clock.nowMs() + secondsMax * 1000
  const onAbort = (): void => session.wake()
  signal.addEventListener('abort', onAbort, { once: true })
  const timer = clock.every(100, () => session.wake())
  try {
    let told = 0
    while (told < (framesMax ?? Infinity)) {
      signal.throwIfAborted()
      const line = session.take()
      if (line !== null) {
        told++
        yield line
      } else if (clock.nowMs() >= endAtMs) return
      else await session.woken()
    }
  } finally {
    timer[Symbol.dispose]()
    signal.removeEventListener('abort', onAbort)
  }
}

interface StreamFrame extends OfferedFrame {
  readonly decoded: DecodedFrame
}

interface Size {
  readonly width: number
  readonly height: number
}

class StreamSession implements AsyncDisposable {
  readonly #options: InferStreamOptions
  readonly #counts: StreamCounts
  readonly #openedAtMs: number
  readonly #source: AsyncDisposable
  readonly #lines: StreamLine[] = []
  #failure: StageError | null = null
  #wasLive = false
  /** Why there is no picture. */
  #reason: string | null = null
  #wake: (() => void) | null = null
  #lane: StreamLane | null = null
  #closing: Promise<void> = Promise.resolve()
  /** The one in force, by which a camera that changes its picture is noticed. */
  #sps: Uint8Array | null = null
  #frame = 0

  constructor(options: InferStreamOptions, counts: StreamCounts) {
    this.#options = options
    this.#counts = counts
    const { url, clock } = options
    this.#openedAtMs = clock.nowMs()
    this.#source = superviseSource({
      open: rtspSource({ url, clock }),
      clock,
      random: Math.random,
      log: silentLog,
      listener: {
        onUnit: (stamped) => this.#onUnit(stamped),
        onState: (state) => this.#onState(state),
        onEpochEnd: () => this.#lane?.reset(),
      },
    })
  }

  take(): StreamLine | null {
    if (this.#failure !== null) throw this.#failure
    const { clock } = this.#options
    if (!this.#wasLive && clock.nowMs() - this.#openedAtMs > firstPictureMsMax)
      throw new StageError('input_missing', `no picture for 10 s. ${this.#reason ?? ''}`.trim())
    return this.#lines.shift() ?? null
  }

  woken(): Promise<void> {
    return new Promise((resolve) => (this.#wake = resolve))
  }

  wake(): void {
    this.#wake?.()
    this.#wake = null
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#source[Symbol.asyncDispose]()
    await this.#lane?.[Symbol.asyncDispose]()
    await this.#closing
  }

  #onState({ state, reason }: SourceState): void {
    this.#reason = reason
    if (state === 'live') this.#wasLive = true
    if (state === 'refused')
      this.#failure = new StageError('input_missing', reason ?? 'the camera refuses')
    else if (this.#wasLive) this.#options.onNote(reason ?? 'the camera is live')
    this.wake()
  }

  #onUnit(stamped: StampedUnit): void {
    const sps = stamped.unit.parameterSets.sps.at(-1)
    if (sps !== undefined && sps !== this.#sps) {
      this.#sps = sps
      const size = parseSps(sps)
      if (size !== null) this.#useLaneFor(size)
    }
    if (this.#lane === null) this.#counts.lost++
    else this.#lane.push(stamped)
  }

  #useLaneFor({ width, height }: Size): void {
    const former = this.#lane
    if (former?.width === width && former.height === height) return
    if (former !== null) {
      const earlier = this.#closing
      const leaving = former[Symbol.asyncDispose]()
      this.#closing = earlier.then(() => leaving)
    }
    this.#lane = new StreamLane(
      this.#options,
      { width, height },
      {
        onOutcome: (decoded, outcome) => this.#onOutcome(decoded, outcome, { width, height }),
        onLost: () => this.#counts.lost++,
      },
    )
  }

  #onOutcome({ stamped }: DecodedFrame, outcome: FrameOutcome, { width, height }: Size): void {
    if (outcome.kind === 'superseded') this.#counts.superseded++
    else if (outcome.kind !== 'detected') this.#counts.lost++
    if (outcome.kind !== 'detected') return
    this.#counts.detected++
    const { detections, model } = outcome
    this.#lines.push({
      frame: this.#frame++,
      capturedAt: new Date(stamped.capturedAtWallMs).toISOString(),
      cameraRtpTimestamp: stamped.unit.rtpTimestamp,
      width,
      height,
      objects: detections.map((detection) => detectedObject(detection, model.classes)),
    })
    if (this.#lines.length > linesWaitingMax) {
      this.#lines.shift()
      this.#counts.lost++
    }
    this.wake()
  }
}

/** A decoder and its stream of the detector, for one picture size. */
class StreamLane implements AsyncDisposable {
  readonly width: number
  readonly height: number
  readonly #decoder: Decoder
  readonly #stream: DetectorStream<StreamFrame>

  constructor(
    { detector, ffmpegPath, clock }: InferStreamOptions,
    size: Size,
    listener: {
      onOutcome(decoded: DecodedFrame, outcome: FrameOutcome): void
      onLost(): void
    },
  ) {
    this.width = size.width
    this.height = size.height
    this.#decoder = openDecoder({
      ffmpegPath,
      geometry: detector.inputGeometry(size),
      clock,
      log: silentLog,
      listener: {
        onFrame: (frame) => this.#offer(frame),
        onLost: () => listener.onLost(),
        onRestart: () => {},
      },
    })
    this.#stream = detector.addStream<StreamFrame>({
      streamId: 'stream',
      memory: this.#decoder.memory,
      weight: 1,
      detectFps: 0,
      onOutcome: ({ decoded }, outcome) => {
        listener.onOutcome(decoded, outcome)
        decoded.release()
      },
    })
  }

  push(stamped: StampedUnit): void {
    this.#decoder.push(stamped)
  }

  reset(): void {
    this.#decoder.reset()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // The decoder first: no frame may be offered to a stream that is gone.
    await this.#decoder[Symbol.asyncDispose]()
    this.#stream[Symbol.dispose]()
  }

  #offer(decoded: DecodedFrame): void {
    const { byteOffset, width, height, stamped } = decoded
    const { capturedAtMs } = stamped
    // However late: nobody else waits for the model.
    const frame = { byteOffset, width, height, capturedAtMs, deadlineAtMs: Infinity, decoded }
    this.#stream.offer(frame)
  }
}
