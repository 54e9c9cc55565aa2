import { z } from 'zod'
import { cameraStateSchema } from './camera-state.ts'
import { frameCountsSchema } from './frame-counts.ts'

// What `GET /api/slo` answers. Counts rise from `since` on; nothing is kept over a restart (Prometheus is for that).

/** How bad it is: `page` wakes somebody, `ticket` can wait for the morning. */
export const verdictSchema = z.enum(['ok', 'ticket', 'page'])

/** How many times faster than sustainable the error budget is spent, by window. */
const burnSchema = z.object({
  '5m': z.number(),
  '30m': z.number(),
  '1h': z.number(),
  '6h': z.number(),
  '3d': z.number(),
})

const burnRuleSchema = z.object({
  verdict: verdictSchema.exclude(['ok']),
  long: z.string(),
  short: z.string(),
  /** Both windows burn faster than this. */
  limit: z.number(),
})

const countedSchema = z.object({
  good: z.int(),
  total: z.int(),
  /** Null while nothing was counted. */
  ratio: z.number().nullable(),
})

const indicatorSchema = countedSchema.extend({
  objective: z.number(),
  /**
   * Share of the error budget that is left, of the last 30 days or since `since`: 1 nothing spent, 0 all of it, below 0
   * overspent; null while nothing was counted.
   */
  budgetLeft: z.number().nullable(),
  burn: burnSchema,
  verdict: verdictSchema,
  /** The rule that gave the verdict; null while ok. */
  because: burnRuleSchema.nullable(),
})

export const sloIndicatorsSchema = z.object({
  /** Samples of live cameras, ten a second, whose newest result was young enough. */
  freshness: indicatorSchema,
  /** Delivered results within the camera's latency budget. */
  timeliness: indicatorSchema,
  /** On-time results of those asked for (at the lower of camera rate and detect rate), below `load.overloadAbove`. */
  goodput: indicatorSchema,
  /** Samples, ten a second, in which the camera was live. */
  availability: indicatorSchema,
  /** Goodput in overload: no objective, but what overload costs is to be seen. */
  overload: countedSchema,
})

/** Why fewer frames are detected than configured; null while all are. */
const shedSchema = z.object({ reason: z.string() }).nullable()

export const sloCameraSchema = z.object({
  camera: z.string(),
  /** ISO 8601, UTC: counts begin here. */
  since: z.string(),
  state: cameraStateSchema,
  verdict: verdictSchema,
  /** Since the capture of the newest delivered result; null before the first. */
  ageOfInformationMs: z.number().nullable(),
  /** Older is not fresh. */
  freshnessLimitMs: z.number(),
  latencyBudgetMs: z.number(),
  /** Results a second over the last ten: what is asked for, and what was delivered. */
  demandedFps: z.number(),
  resultFps: z.number(),
  /** What a fair device would give this camera of all results; null while it was not live for ten seconds. */
  fairShareFps: z.number().nullable(),
  shed: shedSchema,
  frames: frameCountsSchema,
  indicators: sloIndicatorsSchema,
})
export type SloCamera = z.infer<typeof sloCameraSchema>

export const sloSchema = z.object({
  /** What a person has to know first, in a sentence or two. */
  summary: z.string(),
  verdict: verdictSchema,
  /** ISO 8601, UTC. */
  at: z.string(),
  /** Start of the process. */
  since: z.string(),
  /** The nearest to an alarm; null while no budget burns. */
  worstCamera: z
    .object({ camera: z.string(), indicator: z.string(), verdict: verdictSchema })
    .nullable(),
  load: z.object({ utilization: z.number(), overloadAbove: z.number() }),
  /** Of live cameras; null without one that has a result. */
  ageOfInformation: z
    .object({ meanMs: z.number(), worstMs: z.number(), worstCamera: z.string() })
    .nullable(),
  demandedFps: z.number(),
  resultFps: z.number(),
  /** Jain's index over results / weighted max-min fair share, last ten seconds; null while nobody got any. */
  fairness: z.object({ index: z.number().nullable(), objective: z.number() }),
  /** Cameras that get fewer results than configured. */
  shedCameras: z.int(),
  /** Cameras that are there now; received = the sum of the others. */
  frames: frameCountsSchema,
  /** All cameras together, also those that were removed since. */
  total: sloIndicatorsSchema,
  cameras: z.array(sloCameraSchema),
})
export type SloView = z.infer<typeof sloSchema>
