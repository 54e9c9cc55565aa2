import type { CameraConfig } from '#config/camera.ts'
import type { Detector, DetectorStream, OfferedFrame, StreamOptions } from '#gpu/detector.ts'
import { assert } from '#std/assert.ts'
import { FakeClock } from '#std/fake-clock.ts'
import { silentLog } from '#std/log.ts'
import type { AnnouncedState, PublishedResult } from '../publish/publisher.ts'
import type { RelayCamera } from '../relay/relay.ts'
import type { AccessUnit } from '../rtsp/access-unit.ts'
import type { CameraObjective, DeliveredStamps } from '../slo/camera-slo.ts'
import { type OpenSource, SourceError, type SourceListener } from '../source/source.ts'
import { Camera, type CameraParts } from './camera.ts'
import { RigDecoder } from './rig-decoder.ts'
import { HeldStream, rigModel, type RigStream } from './rig-stream.ts'

/** Sequence parameter sets that x264 164 made for these picture sizes. */
export const rigSps = {
  /** 480x360 */
  narrow: Buffer.from('6742c015d901e0bfe5c044000003000400000300c83c58b920', 'hex'),
  /** 640x360 */
  small: Buffer.from('6742c01ed900a02ff97011000003000100000300320f162e48', 'hex'),
  /** 1280x720 */
  large: Buffer.from('674d401fd9005005bb011000000300100000030320f1832480', 'hex'),
} as const

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
  readonly lane = new RigLane(this.journal)
  restarts = 0
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
          received: () => {},
          delivered: (stamps) => void this.delivered.push(stamps),
          setLive: ({ live }) => void this.isLive.push(live),
          setCameraFps: () => {},
          [Symbol.dispose]: () => void this.journal.push('slo'),
        }
      },
    },
    onDecoderRestart: () => void this.restarts++,
  }

  /** The camera sends an access unit, a whole key frame unless said, 40 ms after the one before. */
  frame(
    sps: Buffer | null = rigSps.small,
    change: Partial<Pick<AccessUnit, 'isKey' | 'isDamaged'>> = {},
  ): void {
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
      ...change,
    }
    this.#listener.onAccessUnit(unit)
  }

  /** The connection ends. */
  async cut(code: SourceError['code']): Promise<void> {
    assert(this.#end !== null, 'a connection is open')
    this.#end(new SourceError(code, `It is ${code}.`))
    this.#end = null
    this.#listener = null
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
    const { promise: ended, resolve: end } = Promise.withResolvers<SourceError>()
    this.#end = end
    return {
      video: { codec: 'h264', announcedFps: null },
      ended,
      [Symbol.asyncDispose]: async () => {
        end(new SourceError('ended', 'Closed.'))
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
        pixelFormat: 'yuv420p',
      }),
      status: () => ({
        ready: true,
        reason: null,
        model: rigModel,
        swap: null,
        lastSwapFailure: null,
        executionProvider: 'fake',
        sessions: { sessions: 1, reason: 'as configured' },
        passedOver: [],
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
    return {
      addCamera: () => this.lane,
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

/** A camera whose connection is open. */
export async function openRigCamera(
  config = rigConfig(),
): Promise<{ rig: CameraRig; camera: Camera }> {
  const rig = new CameraRig()
  const camera = new Camera(config, 'api', rig.parts)
  await rig.settle()
  return { rig, camera }
}

/** The relay's side of a camera, told how many watch. */
class RigLane implements RelayCamera {
  viewers = 0
  sent = 0
  readonly #journal: string[]

  constructor(journal: string[]) {
    this.#journal = journal
  }

  send(): void {
    this.sent++
  }

  [Symbol.dispose](): void {
    this.#journal.push('relay')
  }
}
