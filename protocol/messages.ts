import { z } from 'zod'
import {
  cameraStateSchema,
  codecSchema,
  relayModeSchema,
  sourceCodeSchema,
} from './camera-state.ts'

// The wire of `GET /ws/detections`, subprotocol sightline.v1+json. Server -> client and client -> server are unions on
// `type`. Objects are open on the client's side (a field may be added within v1) and strict on the server's.

const cameraId = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,62}$/)
const count = z.int().nonnegative()
const ms = z.number()
/** A share of the source picture's width or height. */
const share = z.number().min(0).max(1)
/** RTP timestamps are 32 bit at 90 kHz (RFC 3550 section 5.1, RFC 6184 section 5.1). */
const rtpTimestamp = z.int().min(0).max(0xffff_ffff)

export const detectedObjectSchema = z.object({
  /** Null until a tracker runs. */
  trackId: z.int().nullable(),
  /** Index into the model card's classes. */
  class: count,
  label: z.string(),
  score: z.number().min(0).max(1),
  /** [left, top, width, height] as shares of the source picture, clipped to it. */
  box: z.tuple([share, share, share, share]),
})
export type DetectedObject = z.infer<typeof detectedObjectSchema>

/** Frames of the camera lost since its `seq - 1`, by reason. */
export const missedSchema = z.object({
  superseded: count,
  late: count,
  paced: count,
  damaged: count,
  failed: count,
})
export type Missed = z.infer<typeof missedSchema>

/** Milliseconds spent in each stage, from the capture clock's zero for this frame. */
export const timingsSchema = z.object({
  receive: ms,
  decode: ms,
  queue: ms,
  infer: ms,
  post: ms,
})
export type Timings = z.infer<typeof timingsSchema>

export const helloSchema = z.object({
  type: z.literal('hello'),
  protocol: z.int(),
  server: z.object({ name: z.string(), version: z.string(), bootId: z.string() }),
  heartbeatMs: ms,
  cameras: z.array(cameraId),
})
export type HelloMessage = z.infer<typeof helloSchema>

export const detectionsSchema = z.object({
  type: z.literal('detections'),
  camera: cameraId,
  epoch: count,
  seq: count,
  /** The outgoing RTP timestamp: with `camera` the key that joins this message to a displayed frame. */
  rtpTimestamp,
  cameraRtpTimestamp: rtpTimestamp,
  /** ISO 8601 with milliseconds, UTC. */
  capturedAt: z.string(),
  capturedBy: z.enum(['rtcp', 'arrival']),
  /** The server's monotonic clock. */
  capturedAtServerMs: ms,
  frame: z.object({ width: z.int(), height: z.int() }),
  model: z.object({ name: z.string(), sha256: z.string() }),
  timings: timingsSchema,
  objects: z.array(detectedObjectSchema),
  missed: missedSchema,
  /** Results that the subscription's `maxFps` left out before this one; absent without `maxFps`. */
  skipped: count.optional(),
})
export type DetectionsMessage = z.infer<typeof detectionsSchema>

export const cameraMessageSchema = z.object({
  type: z.literal('camera'),
  camera: cameraId,
  state: cameraStateSchema,
  code: sourceCodeSchema.nullable(),
  /** One sentence for a person; null while live and well. */
  reason: z.string().nullable(),
  detectFps: z.number(),
  effectiveFps: z.number(),
  measuredFps: z.number(),
  shed: z.object({ reason: z.string() }).nullable(),
  codec: codecSchema.nullable(),
  relay: relayModeSchema,
})
export type CameraMessage = z.infer<typeof cameraMessageSchema>

export const gapSchema = z.object({
  type: z.literal('gap'),
  camera: cameraId,
  from: count,
  /** Null after a server restart: nothing says how many there would have been. */
  to: count.nullable(),
  reason: z.enum(['conflated', 'expired', 'restart']),
})
export type GapMessage = z.infer<typeof gapSchema>

export const errorSchema = z.object({
  type: z.literal('error'),
  code: z.enum([
    'bad_message',
    'too_large',
    'rate_limited',
    'unknown_camera',
    'unsupported',
    'too_many_subscribers',
  ]),
  message: z.string(),
})
export type ErrorMessage = z.infer<typeof errorSchema>

export const pongSchema = z.object({
  type: z.literal('pong'),
  id: z.int(),
  sentAtMs: ms,
  serverAtMs: ms,
})

export const serverMessageSchema = z.discriminatedUnion('type', [
  helloSchema,
  detectionsSchema,
  cameraMessageSchema,
  gapSchema,
  errorSchema,
  pongSchema,
])
export type ServerMessage = z.infer<typeof serverMessageSchema>

export const subscribeSchema = z.strictObject({
  type: z.literal('subscribe'),
  cameras: z
    .array(z.union([z.literal('*'), cameraId]))
    .min(1)
    .max(1000),
  classes: z.array(z.string().max(100)).max(200).optional(),
  minScore: z.number().min(0).max(1).optional(),
  maxFps: z.number().positive().max(1000).optional(),
  /** Zones and events come with the tracker: asked for today they are answered by an `unsupported` error. */
  zones: z.array(z.string().max(100)).max(200).optional(),
  events: z.boolean().optional(),
  resume: z
    .strictObject({ bootId: z.string().max(100), cameras: z.record(cameraId, count) })
    .optional(),
})
export type SubscribeMessage = z.infer<typeof subscribeSchema>

export const unsubscribeSchema = z.strictObject({ type: z.literal('unsubscribe') })

export const pingSchema = z.strictObject({ type: z.literal('ping'), id: z.int(), sentAtMs: ms })

/** Upper bucket edges, in ms, of `beacon.displayDelayMs`; one more count at the end is the overflow. */
export const displayDelayEdgesMs = [
  10, 15, 20, 25, 30, 40, 50, 75, 100, 150, 200, 300, 500, 1000,
] as const

/** What a client may claim for one interval of about 5 s, so that one cannot drown the others in the metrics. */
const beaconCount = z.int().min(0).max(100_000)

export const beaconSchema = z.strictObject({
  type: z.literal('beacon'),
  camera: cameraId,
  /** Boxes drawn since the last beacon, by how they were matched to the displayed frame; `none`: frames without. */
  exact: beaconCount,
  interpolated: beaconCount,
  held: beaconCount,
  none: beaconCount,
  /** Capture to display, counted in the buckets of `displayDelayEdgesMs`. */
  displayDelayMs: z.array(beaconCount).length(displayDelayEdgesMs.length + 1),
})
export type BeaconMessage = z.infer<typeof beaconSchema>

export const clientMessageSchema = z.discriminatedUnion('type', [
  subscribeSchema,
  unsubscribeSchema,
  pingSchema,
  beaconSchema,
])
export type ClientMessage = z.infer<typeof clientMessageSchema>
