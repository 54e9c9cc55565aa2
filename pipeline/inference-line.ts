import type { DetectedObject } from '#protocol/messages.ts'

/** A line of JSON: one picture, and what was found in it. Objects are those of a `detections` message. */
export type InferenceLine = PictureLine | FrameLine | StreamLine | UnreadableLine

export interface PictureLine {
  readonly file: string
  /** Of the picture, upright. */
  readonly width: number
  readonly height: number
  readonly objects: readonly DetectedObject[]
}

export interface FrameLine extends PictureLine {
  /** From 0. */
  readonly frame: number
  /** Since the video's start. */
  readonly atMs: number
}

/** A frame of a camera. */
export interface StreamLine extends Omit<FrameLine, 'file' | 'atMs'> {
  /** ISO 8601 with milliseconds, UTC. */
  readonly capturedAt: string
  readonly cameraRtpTimestamp: number
}

/** A picture that could not be read; the others go on. */
export interface UnreadableLine {
  readonly file: string
  readonly error: string
}
