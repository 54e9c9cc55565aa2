/** Why a stream's detect rate in force is below the configured one. */
export type ShedReason =
  /** The device does not manage what is asked of it: the stream is held to a regular share of what it does manage. */
  | 'inference_capacity'
  /** Lighter streams yield so that results of heavier ones are as young as was promised. */
  | 'age_over_target'

/** One stream as it was since the last tick. */
export interface ShedStream {
  readonly streamId: string
  readonly weight: number
  /** Frames a second; 0 = every frame. */
  readonly configuredFps: number
  /** Frames a second that the camera delivers; 0 while unknown or away. */
  readonly arrivalFps: number
  /** Results a second. */
  readonly detectedFps: number
  /** Worst age of information over its target; above 1 is a broken promise. */
  readonly ageRatio: number
}

export interface ShedTick {
  readonly nowMs: number
  /** Share of the time since the last tick in which the sessions ran, 0..1. */
  readonly utilization: number
  readonly streams: readonly ShedStream[]
}

/** What holds for a stream until the next tick. */
export interface DetectRate {
  readonly streamId: string
  /** For `SchedulingPolicy.setDetectRate`; 0 = every frame. */
  readonly detectFps: number
  /** Null: the configured rate holds. */
  readonly reason: ShedReason | null
}

/** Called once a second, and at once when a stream comes or leaves. Pure: no clock, no I/O. */
export interface Shedding {
  /** One rate for each stream of the tick, in its order. A stream that is not in a tick is forgotten. */
  tick(tick: ShedTick): readonly DetectRate[]
}

/** Sheds nothing yet: the rule follows. */
export class SheddingController implements Shedding {
  tick({ streams }: ShedTick): readonly DetectRate[] {
    return streams.map(({ streamId, configuredFps }) => ({
      streamId,
      detectFps: configuredFps,
      reason: null,
    }))
  }
}
