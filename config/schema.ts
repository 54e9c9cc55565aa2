import { z } from 'zod'
import { cameraConfigSchema } from './camera.ts'
import { gpuConfigSchema } from './gpu.ts'

/** No more cameras than this on one machine: each holds a decoder child and three frames of memory. */
export const camerasMax = 256

/** What an operator can set in the YAML file. An unknown key is an error that names it. */
export const configFileSchema = z.strictObject({
  /** Address to listen on. Any other than loopback needs access control, which is not there yet. */
  host: z.string().min(1).default('127.0.0.1'),
  port: z.int().min(0).max(65_535).default(8080),
  /** WebRTC media, UDP and TCP on the same number; 0 = any free one. */
  rtcPort: z.int().min(0).max(65_535).default(44_400),
  /** The address that browsers are told to send media to; the listening address where absent. */
  rtcAnnouncedAddress: z.string().min(1).optional(),
  /** Names, besides loopback ones, under which a browser may reach this server (`Host` header). */
  allowedHosts: z.array(z.string().min(1)).max(100).default([]),
  /** Models, demo clip and everything else that set-up and server write. */
  dataDir: z.string().min(1).default('./data'),
  /** The built-in demo camera. */
  demo: z.boolean().default(true),
  logLevel: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
  /** How the model is run. */
  gpu: gpuConfigSchema.prefault({}),
  cameras: z.array(cameraConfigSchema).max(camerasMax).default([]),
})
export type ConfigFile = z.infer<typeof configFileSchema>

/** All of it, from file and environment. */
export interface Config extends ConfigFile {
  /** Absolute. */
  readonly dataDir: string
  /** SIGHTLINE_FFMPEG; null: looked up. */
  readonly ffmpegPath: string | null
  /** PATH, where ffmpeg is looked for. */
  readonly searchPath: string
  /** The file it came from; null where there is none. */
  readonly configPath: string | null
}
