import type { CameraView } from '#protocol/api.ts'
import type { Indicator } from '../slo/objectives.ts'
import type { Stage } from '../slo/stages.ts'

/** Counts in fixed buckets, as std/histogram.ts keeps them: not cumulative, the last one is the overflow. */
export interface HistogramView {
  readonly edges: readonly number[]
  readonly counts: Float64Array
  readonly sum: number
  readonly total: number
}

export interface GoodTotalView {
  readonly good: number
  readonly total: number
}

export type ListedCamera = Pick<
  CameraView,
  'id' | 'state' | 'frames' | 'shed' | 'detectFps' | 'measuredFps' | 'effectiveFps'
>

/** What is read at each scrape; each is a small part of something that server.ts holds. */
export interface MetricSources {
  readonly slo: {
    readonly timer: {
      readonly stages: Readonly<Record<Stage, HistogramView>>
      readonly endToEnd: HistogramView
    }
    cameras(): Iterable<{
      readonly cameraId: string
      readonly ageOfInformationMs: number | null
      readonly indicators: Readonly<Record<Indicator, GoodTotalView>>
    }>
    fairness(): number | null
  }
  readonly cameras: {
    list(): Iterable<ListedCamera>
    /** Reconnects by the code that ended the connection before. */
    reconnects(): Iterable<{
      readonly camera: string
      readonly reason: string
      readonly count: number
    }>
    /** Results that were not asked for because detect rates were lowered. */
    shedResults(): Iterable<{ readonly camera: string; readonly count: number }>
  }
  readonly publisher: {
    stats(): {
      readonly subscribers: number
      readonly messages: number
      readonly bytes: number
      readonly conflated: number
      readonly evicted: number
      readonly refused: number
      readonly rateLimited: number
      readonly badMessages: number
      readonly beacons: {
        readonly boxes: Readonly<Record<'exact' | 'interpolated' | 'held', number>>
        readonly displayDelay: HistogramView
      }
    }
  }
  readonly relay: { status(): { readonly viewers: number; readonly restarts: number } }
  readonly inference: {
    status(): {
      readonly restarts: number
      /** 0..1 */
      readonly utilization: number
      readonly executionProvider: string
      readonly model: {
        readonly name: string
        readonly sha256: string
        readonly version?: string
        readonly precision?: string
      }
    }
    /** Null: the detector does not count them. */
    batchSizes(): HistogramView | null
  }
  readonly decoder: { restarts(): number }
}
