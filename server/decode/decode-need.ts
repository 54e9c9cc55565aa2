import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { messageOf } from '#std/coded-error.ts'
import type { Log } from '#std/log.ts'

export interface DecodeNeedOptions {
  readonly ffmpegPath: string
  /** H.264, Annex B. */
  readonly clipPath: string
  readonly cameras: number
  readonly log: Log
}

/** What most cameras send; their rate is not known before they have sent for a while. */
const cameraFps = 30
const frameCount = 60
/** A start of FFmpeg takes 60 ms, 60 frames 40 ms; a loaded machine many times that. */
const limitMs = 3_000
/** Node's own part, from the socket to the slot: 0.62 CPU-s per 1,000 frames at 416x234. */
const nodeMsAFrame = 0.62
/** Where nothing could be measured: FFmpeg's part at 640x360. */
const assumedMsAFrame = 1.1

/**
 * Cores that decoding of so many cameras will take, from the CPU time of a short clip (640 pixels wide at set-up).
 * Takes about 0.1 s; never rejects.
 */
export async function decodeNeed(options: DecodeNeedOptions): Promise<number> {
  const { cameras, log } = options
  if (cameras === 0) return 0
  const ffmpegMs = await measuredMsAFrame(options)
  log.debug('decoding measured', { ffmpegMsAFrame: ffmpegMs })
  return (cameras * cameraFps * ((ffmpegMs ?? assumedMsAFrame) + nodeMsAFrame)) / 1000
}

async function measuredMsAFrame(options: DecodeNeedOptions): Promise<number | null> {
  const words = [
    '-hide_banner -nostats -nostdin -loglevel info -benchmark',
    '-flags low_delay -threads 1 -f h264 -i',
  ]
  const output = [
    `-frames:v ${frameCount} -filter_threads 1 -vf scale=416:234:flags=bilinear`,
    '-c:v rawvideo -threads 1 -pix_fmt yuv420p -f null -',
  ]
  const split = (lines: readonly string[]) => lines.flatMap((line) => line.split(' '))
  try {
    const { stderr } = await promisify(execFile)(
      options.ffmpegPath,
      [...split(words), options.clipPath, ...split(output)],
      { timeout: limitMs, killSignal: 'SIGKILL' },
    )
    return msAFrame(stderr)
  } catch (error) {
    options.log.debug('decoding could not be measured', { reason: messageOf(error) })
    return null
  }
}

/** From `frame= 60 …` and `bench: utime=0.040s stime=0.001s rtime=0.041s`, the frames' CPU time without FFmpeg's start. */
export function msAFrame(stderr: string): number | null {
  const frames = Number(/\bframe= *(\d+)/.exec(stderr)?.[1] ?? Number.NaN)
  const [, user, system] = /^bench: utime=([\d.]+)s stime=([\d.]+)s/m.exec(stderr) ?? []
  const ms = 1000 * (Number(user) + Number(system))
  return frames > 0 && ms > 0 ? ms / frames : null
}
