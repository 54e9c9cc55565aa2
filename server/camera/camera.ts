import type { CameraConfig } from '#config/camera.ts'
import type { Detector, FrameOutcome } from '#gpu/detector.ts'
import type { CameraView } from '#protocol/api.ts'
import type { Codec, RelayMode, SourceCode } from '#protocol/camera-state.ts'
import type { Clock, Timer } from '#std/clock.ts'
import type { Log } from '#std/log.ts'
import { redactSecrets } from '#std/redact.ts'
import type { DecodedFrame, DecodeGeometry, Decoder, DecoderListener } from '../decode/decoder.ts'
import { KeptGop } from '../decode/kept-gop.ts'
import type { CameraPublisher, Publisher } from '../publish/publisher.ts'
import type { Relay, RelayCamera } from '../relay/relay.ts'
import type { CameraSlo, Slo } from '../slo/camera-slo.ts'
import type { OpenSource, SourceError } from '../source/source.ts'
import type { StampedUnit } from '../source/stamped-unit.ts'
import { type SourceState, type SourceSupervisor, superviseSource } from '../source/supervisor.ts'
import { CodecWatch } from './codec-watch.ts'
import { type DecidedRate, DetectionRate } from './detection-rate.ts'
import { DetectionLanes } from './detection-lanes.ts'
import { FrameLedger } from './frame-ledger.ts'
import { resultOf, stampsOf } from './result.ts'

/** How often what changes by itself (viewers, frame rate) is looked at and told. */
const surveyPeriodMs = 1000

export type ManagedBy = CameraView['managedBy']

/** What every camera is joined from. */
export interface CameraParts {
  readonly clock: Clock
  readonly log: Log
  readonly random: () => number
  readonly openSource: (config: CameraConfig) => OpenSource
  readonly openDecoder: (
    geometry: DecodeGeometry,
    listener: DecoderListener,
    cameraId: string,
  ) => Decoder
  readonly detector: Detector
  readonly relay: Relay
  readonly publisher: Publisher
  readonly slo: Slo
  /** A decoder's child died and was replaced. */
  readonly onDecoderRestart: () => void
}

/** What a camera asks of the device, and what it got. */
export interface CameraLoad {
  readonly weight: number
  /** 0 = every frame. */
  readonly configuredFps: number
  /** Frames a second; 0 while unknown or away. */
  readonly arrivalFps: number
  /** Results since it was added. */
  readonly detected: number
  /** What was decided for it; null: it gets what is configured. */
  readonly decided: DecidedRate | null
}

/** One camera: source -> relay and decoder -> detector -> publisher, and the account of its frames. */
export class Camera implements AsyncDisposable {
  readonly config: CameraConfig
  readonly managedBy: ManagedBy
  readonly #parts: CameraParts
  readonly #log: Log
  readonly #ledger = new FrameLedger()
  readonly #codec = new CodecWatch()
  readonly #gop = new KeptGop()
  readonly #rate = new DetectionRate()
  readonly #relay: RelayCamera
  readonly #publisher: CameraPublisher
  readonly #slo: CameraSlo
  readonly #lanes: DetectionLanes
  readonly #source: SourceSupervisor
  readonly #survey: Timer
  #state: SourceState
  #told = ''
  #endedBy: SourceCode | null = null
  readonly #reconnects = new Map<SourceCode, number>()

  constructor(config: CameraConfig, managedBy: ManagedBy, parts: CameraParts) {
    this.config = config
    this.managedBy = managedBy
    this.#parts = parts
    this.#log = parts.log.area('camera', { camera: config.id })
    this.#relay = parts.relay.addCamera(config.id)
    this.#publisher = parts.publisher.addCamera(config.id)
    this.#slo = parts.slo.addCamera({
      cameraId: config.id,
      detectFps: config.detectFps,
      latencyBudgetMs: config.latencyBudgetMs,
      weight: config.weight,
    })
    this.#lanes = this.#detectionLanes()
    this.#source = superviseSource({
      open: parts.openSource(config),
      clock: parts.clock,
      random: parts.random,
      log: this.#log,
      listener: {
        onUnit: (stamped) => this.#onUnit(stamped),
        onState: (state) => this.#onState(state),
        onEpochEnd: (error) => this.#onEpochEnd(error),
      },
    })
    this.#state = this.#source.status()
    this.#announce()
    this.#survey = parts.clock.every(surveyPeriodMs, () => this.#look())
  }

  view(): CameraView {
    const measuredFps = this.#source.measuredFps
    const detection = this.#rate.told(this.#wantedFps(measuredFps))
    return {
      id: this.config.id,
      name: this.config.name ?? this.config.id,
      url: redactSecrets(this.config.url),
      managedBy: this.managedBy,
      persisted: this.managedBy === 'file',
      detectFps: this.config.detectFps,
      latencyBudgetMs: this.config.latencyBudgetMs,
      weight: this.config.weight,
      state: this.#state.state,
      code: this.#state.code,
      reason: this.#reason(detection.sentence),
      epoch: this.#state.epoch,
      reconnects: this.#state.reconnects,
      codec: this.#codec.current,
      relay: this.#relayMode(),
      viewers: this.#relay.viewers,
      measuredFps,
      effectiveFps: detection.effectiveFps,
      shed: detection.shed,
      frames: this.#ledger.counts(),
    }
  }

  /** Comebacks, by why the connection before had ended. */
  get reconnects(): ReadonlyMap<SourceCode, number> {
    return this.#reconnects
  }

  /** What the decision which rates to lower goes by. */
  load(): CameraLoad {
    return {
      weight: this.config.weight,
      configuredFps: this.config.detectFps,
      // What it said before it went away is no load.
      arrivalFps: this.#state.state === 'live' ? this.#source.measuredFps : 0,
      detected: this.#ledger.counts().detected,
      decided: this.#rate.decided,
    }
  }

  /** A detect rate from now on, and why it is not what is configured; null: as configured. */
  decideRate(rate: DecidedRate | null): void {
    this.#rate.decide(rate)
    this.#lanes.setDetectRate(rate?.detectFps ?? this.config.detectFps)
    this.#announce()
  }

  /** Results that were not asked for because the rate was lowered. */
  get shedResults(): number {
    return this.#rate.shedResults
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#survey[Symbol.dispose]()
    await this.#source[Symbol.asyncDispose]()
    this.#relay[Symbol.dispose]()
    await this.#lanes[Symbol.asyncDispose]()
    this.#publisher[Symbol.dispose]()
    this.#slo[Symbol.dispose]()
  }

  #onUnit(stamped: StampedUnit): void {
    this.#ledger.received()
    this.#slo.received(stamped.capturedAtMs)
    this.#gop.add(stamped)
    this.#relay.send(stamped)
    const codec = this.#codec.seen(stamped.unit.parameterSets)
    if (codec === null) this.#ledger.settled('damaged')
    else this.#lanes.push(stamped, codec)
  }

  #onEpochEnd(error: SourceError): void {
    this.#endedBy = error.code
    this.#lanes.reset()
  }

  #onState(state: SourceState): void {
    if (state.state === 'live' && this.#endedBy !== null) {
      this.#reconnects.set(this.#endedBy, (this.#reconnects.get(this.#endedBy) ?? 0) + 1)
      this.#endedBy = null
    }
    this.#state = state
    this.#slo.setLive({ live: state.state === 'live' })
    this.#announce()
  }

  #detectionLanes(): DetectionLanes {
    const { clock, detector } = this.#parts
    const { id, detectFps, latencyBudgetMs, weight } = this.config
    return new DetectionLanes({
      streamId: id,
      detectFps,
      latencyBudgetMs,
      weight,
      clock,
      detector,
      openDecoder: (geometry, listener) => this.#parts.openDecoder(geometry, listener, id),
      onOpen: (codec) => this.#onOpen(codec),
      onOutcome: (decoded, outcome, codec) => this.#onOutcome(decoded, outcome, codec),
      onLost: (_, loss) => this.#ledger.settled(loss),
      onRestart: () => this.#parts.onDecoderRestart(),
    })
  }

  #onOpen({ profile, width, height }: Codec): void {
    if (this.#codec.notice !== null) this.#log.warn(this.#codec.notice)
    this.#log.info('detecting', { profile, size: `${width}x${height}` })
  }

  #onOutcome(decoded: DecodedFrame, outcome: FrameOutcome, codec: Codec): void {
    this.#ledger.settled(outcome.kind)
    if (outcome.kind !== 'detected') return
    const missed = this.#ledger.takeMissed()
    this.#publisher.publish(resultOf({ decoded, outcome, codec, missed }))
    // Messages leave at the end of this turn: the stamp is taken when they have been written.
    queueMicrotask(() => this.#slo.delivered(stampsOf(decoded, outcome, this.#parts.clock.nowMs())))
  }

  #relayMode(): RelayMode {
    return this.#relay.viewers > 0 ? 'passthrough' : 'idle'
  }

  #look(): void {
    this.#lanes.look()
    if (this.#state.state === 'live')
      this.#rate.look(this.#ledger.counts(), this.#wantedFps(this.#source.measuredFps))
    else this.#rate.reset()
    this.#announce()
  }

  /** The lower of the camera's rate and the configured one. */
  #wantedFps(measuredFps: number): number {
    const { detectFps } = this.config
    return detectFps === 0 ? measuredFps : Math.min(detectFps, measuredFps)
  }

  #reason(shedSentence: string | null): string | null {
    return this.#state.reason ?? this.#codec.notice ?? shedSentence
  }

  /** Tells subscribers what they would see differently; a frame rate alone when it moved by a whole frame, half of one while shed. */
  #announce(): void {
    const measuredFps = this.#source.measuredFps
    this.#slo.setCameraFps(measuredFps)
    const { effectiveFps, shed, sentence } = this.#rate.told(this.#wantedFps(measuredFps))
    const message = {
      state: this.#state.state,
      code: this.#state.code,
      reason: this.#reason(sentence),
      detectFps: this.config.detectFps,
      effectiveFps,
      measuredFps,
      shed,
      codec: this.#codec.current,
      relay: this.#relayMode(),
    }
    const key = JSON.stringify({
      ...message,
      reason: this.#reason(null),
      measuredFps: Math.round(measuredFps),
      effectiveFps: shed === null ? 0 : Math.round(2 * effectiveFps),
    })
    if (key === this.#told) return
    this.#told = key
    this.#publisher.announce(message)
  }
}
