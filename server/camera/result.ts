import type { FrameOutcome } from '#gpu/detector.ts'
import type { Codec } from '#protocol/camera-state.ts'
import { detectedObject } from '#protocol/detected-object.ts'
import type { Missed } from '#protocol/messages.ts'
import type { DecodedFrame } from '../decode/decoder.ts'
import type { PublishedResult } from '../publish/publisher.ts'
import type { DeliveredStamps } from '../slo/camera-slo.ts'

type Detected = Extract<FrameOutcome, { readonly kind: 'detected' }>

/** A detected frame as subscribers see it. */
export function resultOf(from: {
  readonly decoded: DecodedFrame
  readonly outcome: Detected
  readonly codec: Codec
  readonly missed: Missed
}): PublishedResult {
  const { decoded, outcome, codec } = from
  const { stamped } = decoded
  const { unit } = stamped
  const { stamps, model } = outcome
  return {
    epoch: stamped.epoch,
    rtpTimestamp: stamped.rtpTimestamp,
    cameraRtpTimestamp: unit.rtpTimestamp,
    capturedAt: new Date(stamped.capturedAtWallMs).toISOString(),
    capturedBy: stamped.capturedBy,
    capturedAtServerMs: hundredths(stamped.capturedAtMs),
    frame: { width: codec.width, height: codec.height },
    model: { name: model.name, sha256: model.sha256 },
    timings: {
      receive: hundredths(unit.arrivedAtMs - stamped.capturedAtMs),
      decode: hundredths(decoded.decodedAtMs - unit.arrivedAtMs),
      queue: hundredths(stamps.dispatchedAtMs - decoded.decodedAtMs),
      infer: hundredths(stamps.inferredAtMs - stamps.dispatchedAtMs),
      post: hundredths(stamps.postedAtMs - stamps.inferredAtMs),
    },
    objects: outcome.detections.map((detection) => detectedObject(detection, model.classes)),
    missed: from.missed,
  }
}

/** The instants of a delivered frame, for the objectives. */
export function stampsOf(
  decoded: DecodedFrame,
  outcome: Detected,
  publishedAtMs: number,
): DeliveredStamps {
  return {
    capturedAtMs: decoded.stamped.capturedAtMs,
    arrivedAtMs: decoded.stamped.unit.arrivedAtMs,
    decodedAtMs: decoded.decodedAtMs,
    dispatchedAtMs: outcome.stamps.dispatchedAtMs,
    inferredAtMs: outcome.stamps.inferredAtMs,
    postedAtMs: outcome.stamps.postedAtMs,
    publishedAtMs,
  }
}

/** Digits beyond what is measured only lengthen messages. */
const hundredths = (value: number): number => Math.round(value * 100) / 100
