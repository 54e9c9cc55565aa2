import { z } from 'zod'

/** What a camera is doing, in the words a person sees. */
export const cameraStateSchema = z.enum([
  'connecting',
  'live',
  'stalled',
  'refused',
  'disabled',
  'removed',
])
export type CameraState = z.infer<typeof cameraStateSchema>

/** Why a source is not live: a closed set, so that programs can branch on it. */
export const sourceCodeSchema = z.enum([
  'unreachable',
  'unauthorized',
  'not_found',
  'no_video',
  'unsupported_codec',
  'protocol',
  'no_data',
  'ended',
])
export type SourceCode = z.infer<typeof sourceCodeSchema>

/** How viewers get the picture: the camera's own encoding, another one made for them, or nobody watches. */
export const relayModeSchema = z.enum(['passthrough', 'transcode', 'idle'])
export type RelayMode = z.infer<typeof relayModeSchema>

export const codecSchema = z.object({
  /** `H264`, spelt as in RTP payload registrations. */
  name: z.string(),
  /** `Baseline`, `Constrained Baseline`, `Main`, `High`, ... */
  profile: z.string(),
  /** Pixels of the source picture, after cropping. */
  width: z.int().positive(),
  height: z.int().positive(),
})
export type Codec = z.infer<typeof codecSchema>
