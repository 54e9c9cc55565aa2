import type { CameraConfig } from '#config/camera.ts'
import type {
  Detector,
  DetectorStream,
  FrameOutcome,
  OfferedFrame,
  StreamOptions,
} from '#gpu/detector.ts'
import { assert } from '#std/assert.ts'
import { FakeClock } from '#std/fake-clock.ts'
import { silentLog } from '#std/log.ts'
import type { DecodeGeometry, DecodeLoss, Decoder, DecoderListener } from '../decode/decoder.ts'
import type { AnnouncedState, PublishedResult } from '../publish/publisher.ts'
import type { AccessUnit } from '../rtsp/access-unit.ts'
import type { CameraObjective, DeliveredStamps } from '../slo/camera-slo.ts'
import { type OpenSource, SourceError, type SourceListener } from '../source/source.ts'
import type { StampedUnit } from '../source/stamped-unit.ts'
import type { CameraParts } from './camera.ts'

/** Sequence parameter sets that x264 164 made for these picture sizes. */
export const rigSps = {
  small: Buffer.from('6742c01ed900a02ff97011000003000100000300320f162e48', 'hex'),
  large: Buffer.from('674d401fd9005005bb011000000300100000030320f1832480', 'hex'),
} as const

export const rigModel = { name: 'fake', sha256: 'f'.repeat(64), classes: ['person', 'bicycle'] }

export function rigConfig(id = 'door'): CameraConfig {
  const url = `rtsp://viewer:secret@camera.test/${id}`
  return { id, url, detectFps: 10, latencyBudgetMs: 200, weight: 1 }
}

/** For tests: all that a camera is joined from, answered by hand. `journal` has what was disposed, in order. */
export class CameraRig {
  readonly clock = new FakeClock()
  readonly journal: string[] = []
  readonly decoders: RigDecoder[] = []
  readonly streams: RigStream[] = []
  readonly objectives: CameraObjective[] = []
  readonly published: PublishedResult[] = []
  readonly announced: AnnouncedState[] = []
  readonly delivered: DeliveredStamps[] = []
  readonly isLive: boolean[] = []
  relayed = 0
  viewers = 0
  restarts = 0
  /** Called at each thing that a camera can be asked about. */
  onStep: () => void = () => {}
  #listener: SourceListener | null = null
  #end: ((error: SourceError) => void) | null = null
  #rtpTimestamp = 0xffff_0000

  readonly parts: CameraParts = {
    clock: this.clock,
    log: silentLog,
    random: () => 0.5,
    openSource: () => this.#open,
    openDecoder: (geometry, listener) => {
      const decoder = new RigDecoder(geometry, listener, this.journal)
      this.decoders.push(decoder)
      return decoder
    },
    detector: this.#detector(),
    relay: this.#relay(),
    publisher: { addCamera: () => this.#publisher() },
    slo: {
      addCamera: (objective) => {
        this.objectives.push(objective)
        return {
          delivered: (stamps) => void this.delivered.push(stamps),
          setLive: ({ live }) => void this.isLive.push(live),
          setCameraFps: () => {},
          [Symbol.dispose]: () => void this.journal.push('slo'),
        }
      },
    },
    onDecoderRestart: () => void this.restarts++,
  }

  /** The camera sends an access unit, 40 ms after the one before. */
  frame(sps: Buffer | null = rigSps.small): void {
    assert(this.#listener !== null, 'a connection is open')
    this.clock.advance(40)
    this.#rtpTimestamp = (this.#rtpTimestamp + 3600) % 2 ** 32
    const unit: AccessUnit = {
      codec: 'h264',
      data: Buffer.alloc(10),
      rtpTimestamp: this.#rtpTimestamp,
      isKey: true,
      isDamaged: false,
      arrivedAtMs: this.clock.nowMs(),
      parameterSets: { sps: sps === null ? [] : [sps], pps: [] },
    }
    this.#listener.onAccessUnit(unit)
    this.onStep()
  }

  /** The connection ends. */
  async cut(code: SourceError['code']): Promise<void> {
    assert(this.#end !== null, 'a connection is open')
    this.#end(new SourceError(code, `It is ${code}.`))
    await this.settle()
  }

  /** Past the wait before the next try. */
  async reconnect(): Promise<void> {
    await this.clock.advanceAsync(1000, 50)
    assert(this.#end !== null, 'it connected again')
  }

  settle(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve))
  }

  get decoder(): RigDecoder {
    const decoder = this.decoders.at(-1)
    assert(decoder !== undefined, 'a decoder was opened')
    return decoder
  }

  get stream(): RigStream {
    const stream = this.streams.at(-1)
    assert(stream !== undefined, 'a stream was added')
    return stream
  }

  readonly #open: OpenSource = async (listener) => {
    this.#listener = listener
    const ended = new Promise<SourceError>((resolve) => {
      this.#end = (error) => {
        this.#listener = null
        this.#end = null
        resolve(error)
      }
    })
    return {
      video: { codec: 'h264', announcedFps: null },
      ended,
      [Symbol.asyncDispose]: async () => {
        this.#end?.(new SourceError('ended', 'Closed.'))
        this.journal.push('source')
      },
    }
  }

  #detector(): Detector {
    return {
      addStream: <F extends OfferedFrame>(options: StreamOptions<F>): DetectorStream<F> => {
        const stream = new HeldStream(options, this.clock, this.journal)
        this.streams.push(stream)
        return stream
      },
      inputGeometry: ({ width, height }) => ({
        width: width / 2,
        height: height / 2,
        filter: 'scale',
        pixelFormat: 'bgr24',
      }),
      status: () => ({
        ready: true,
        reason: null,
        model: rigModel,
        executionProvider: 'fake',
        restarts: 0,
        utilization: 0,
      }),
      [Symbol.asyncDispose]: async () => {},
    }
  }

  #relay(): CameraParts['relay'] {
    const watch = (): never => {
      throw new Error('nobody watches a fake relay')
    }
    const rig = this
    return {
      addCamera: () => ({
        send: () => void this.relayed++,
        get viewers() {
          return rig.viewers
        },
        [Symbol.dispose]: () => void this.journal.push('relay'),
      }),
      watch: async () => watch(),
      unwatch: () => false,
      status: () => ({ ready: true, reason: null, restarts: 0, viewers: 0, workerPid: null }),
      [Symbol.asyncDispose]: async () => {},
    }
  }

  #publisher(): ReturnType<CameraParts['publisher']['addCamera']> {
    return {
      publish: (result) => void this.published.push(result),
      announce: (state) => void this.announced.push(state),
      [Symbol.dispose]: () => void this.journal.push('publisher'),
    }
  }
}

/** Holds what it is given until told; closing gives up the rest, and takes until `gone`. */
export class RigDecoder implements Decoder {
  readonly memory = new SharedArrayBuffer(8)
  readonly pid = 4711
  readonly geometry: DecodeGeometry
  readonly listener: DecoderListener
  readonly held: StampedUnit[] = []
  resets = 0
  /** Frames given out and not given back. */
  leased = 0
  /** Its child takes its time to end. */
  lingers = false
  gone: () => void = () => {}
  readonly #journal: string[]

  constructor(geometry: DecodeGeometry, listener: DecoderListener, journal: string[]) {
    this.geometry = geometry
    this.listener = listener
    this.#journal = journal
  }

  push(stamped: StampedUnit): void {
    this.held.push(stamped)
  }

  /** The oldest becomes a frame, decoded 3.004 ms after it arrived. */
  emit(): void {
    const stamped = this.#oldest()
    this.leased++
    this.listener.onFrame({
      stamped,
      byteOffset: 0,
      width: this.geometry.width,
      height: this.geometry.height,
      decodedAtMs: stamped.unit.arrivedAtMs + 3.004,
      release: () => void this.leased--,
    })
  }

  lose(loss: DecodeLoss): void {
    this.listener.onLost(this.#oldest(), loss, 'told so')
  }

  reset(): void {
    this.resets++
    while (this.held.length > 0) this.lose('damaged')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    while (this.held.length > 0) this.lose('failed')
    if (this.lingers) await new Promise<void>((resolve) => (this.gone = resolve))
    this.#journal.push('decoder')
  }

  #oldest(): StampedUnit {
    const stamped = this.held.shift()
    assert(stamped !== undefined, 'the decoder holds a unit')
    return stamped
  }
}

/** A camera's stream of the fake detector, whatever its frames are. */
export interface RigStream {
  readonly waiting: number
  readonly deadlinesAtMs: readonly number[]
  readonly isOpen: boolean
  /** The oldest frame ends so. */
  end(kind: 'superseded' | 'late' | 'paced' | 'failed'): void
  /** The oldest is detected: dispatched now, inferred after 10 ms, posted after 1 more. One person. */
  detect(): void
}

class HeldStream<F extends OfferedFrame> implements RigStream, DetectorStream<F> {
  readonly deadlinesAtMs: number[] = []
  isOpen = true
  readonly #options: StreamOptions<F>
  readonly #clock: FakeClock
  readonly #journal: string[]
  readonly #frames: F[] = []

  constructor(options: StreamOptions<F>, clock: FakeClock, journal: string[]) {
    this.#options = options
    this.#clock = clock
    this.#journal = journal
  }

  get waiting(): number {
    return this.#frames.length
  }

  offer(frame: F): void {
    assert(this.isOpen, 'no frame is offered to a stream that is gone')
    this.deadlinesAtMs.push(frame.deadlineAtMs)
    this.#frames.push(frame)
  }

  end(kind: 'superseded' | 'late' | 'paced' | 'failed'): void {
    this.#end(kind === 'failed' ? { kind, code: 'told_so' } : { kind })
  }

  detect(): void {
    const dispatchedAtMs = this.#clock.nowMs()
    const box = { left: 0.1, top: 0.2, width: 0.3, height: 0.4 }
    this.#end({
      kind: 'detected',
      detections: [{ classIndex: 0, score: 0.9, ...box }],
      stamps: {
        dispatchedAtMs,
        inferredAtMs: dispatchedAtMs + 10,
        postedAtMs: dispatchedAtMs + 11,
        batchSize: 1,
      },
    })
  }

  [Symbol.dispose](): void {
    if (!this.isOpen) return
    this.isOpen = false
    while (this.#frames.length > 0) this.#end({ kind: 'failed', code: 'stream_closed' })
    this.#journal.push('stream')
  }

  #end(outcome: FrameOutcome): void {
    const frame = this.#frames.shift()
    assert(frame !== undefined, 'a frame waits')
    this.#options.onOutcome(frame, outcome)
  }
}
