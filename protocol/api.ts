import { z } from 'zod'
import {
  cameraStateSchema,
  codecSchema,
  relayModeSchema,
  sourceCodeSchema,
} from './camera-state.ts'
import { modelSwapFailureSchema, modelSwapSchema } from './models.ts'
import { frameCountsSchema } from './frame-counts.ts'

// What the REST API answers. Requests are checked by config/camera.ts, which the YAML shares.

/** A camera as `GET /api/cameras` and `POST /api/cameras` show it. The password in `url` is `***`. */
export const cameraViewSchema = z.object({
  id: z.string(),
  name: z.string(),
  url: z.string(),
  managedBy: z.enum(['file', 'api', 'demo']),
  /** False: gone with the next restart. */
  persisted: z.boolean(),
  detectFps: z.number(),
  latencyBudgetMs: z.number(),
  weight: z.number(),
  state: cameraStateSchema,
  code: sourceCodeSchema.nullable(),
  reason: z.string().nullable(),
  epoch: z.int(),
  reconnects: z.int(),
  codec: codecSchema.nullable(),
  relay: relayModeSchema,
  viewers: z.int(),
  measuredFps: z.number(),
  effectiveFps: z.number(),
  /** Why `effectiveFps` is below what is configured; null while it is not. */
  shed: z.object({ reason: z.string() }).nullable(),
  frames: frameCountsSchema,
})
export type CameraView = z.infer<typeof cameraViewSchema>

/** RFC 9457 problem details; `code` is stable. */
export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.string(),
  /** Where in the request body, for code `invalid`. */
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
})
export type Problem = z.infer<typeof problemSchema>

export const readinessSchema = z.object({
  ready: z.boolean(),
  reasons: z.array(z.object({ code: z.string(), message: z.string() })),
  /** How often each supervised part came back by itself since the start. */
  restarts: z.object({ decoder: z.int(), relay: z.int(), inference: z.int() }),
})
export type Readiness = z.infer<typeof readinessSchema>

/** The engine that TensorRT builds for the model, minutes after the server serves. */
const engineViewSchema = z.object({
  state: z.enum(['none', 'building', 'ready', 'failed']),
  /** 0..1 of a build; null while nothing can be said. */
  progress: z.number().nullable(),
  /** ISO 8601, UTC. */
  since: z.string(),
  /** Why there is none. */
  reason: z.string().nullable(),
})

/** `GET /api/system`: what runs here. */
export const systemSchema = z.object({
  name: z.string(),
  version: z.string(),
  /** Differs from run to run. */
  bootId: z.string(),
  /** ISO 8601, UTC. */
  startedAt: z.string(),
  protocol: z.int(),
  runtime: z.object({ node: z.string(), platform: z.string(), arch: z.string(), cpus: z.int() }),
  /** Null while none was found. */
  ffmpeg: z.object({ path: z.string(), version: z.string() }).nullable(),
  inference: z.object({
    ready: z.boolean(),
    executionProvider: z.string(),
    /** Providers that the configuration prefers, and why they were not taken. */
    passedOver: z.array(z.object({ provider: z.string(), reason: z.string() })),
    engine: engineViewSchema,
    model: z.object({ name: z.string(), sha256: z.string(), classes: z.array(z.string()) }),
    /** Workers that the model runs in at once, and why so many. */
    sessions: z.int(),
    sessionsReason: z.string(),
    /** Another model on its way to take over, and the last that did not. */
    swap: modelSwapSchema.nullable(),
    lastSwapFailure: modelSwapFailureSchema.nullable(),
  }),
  relay: z.object({ ready: z.boolean(), viewers: z.int() }),
})
export type SystemView = z.infer<typeof systemSchema>
