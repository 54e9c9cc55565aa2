import { execFile } from 'node:child_process'
import type { Size } from '#gpu/letterbox.ts'
import { StageError } from './stage-error.ts'

export interface VideoFacts extends Size {
  /** As the container says; null where it does not. For progress only. */
  readonly durationSeconds: number | null
}

/** A file on a slow disk whose index is at its end. */
const limitMs = 60_000

/**
 * Size of the pictures as they come out of FFmpeg, turned as the file asks for, from decoding the first one: a header may
 * say anything. Throws StageError `input_invalid`, and the signal's reason.
 */
export async function probeVideo(
  path: string,
  options: { readonly ffmpegPath: string; readonly signal: AbortSignal },
): Promise<VideoFacts> {
  const { stdout, stderr } = await run(path, options)
  // https://ffmpeg.org/ffmpeg-formats.html#framecrc: `#dimensions 0: 640x272`
  const [, width, height] = /^#dimensions 0: (\d+)x(\d+)$/m.exec(stdout) ?? []
  if (width === undefined || height === undefined || !/^0, /m.test(stdout))
    throw new StageError('input_invalid', `${path}: there is no picture in it`)
  const [, hours, minutes, seconds] = /Duration: (\d+):(\d+):([\d.]+)/.exec(stderr) ?? []
  const duration = 3600 * Number(hours) + 60 * Number(minutes) + Number(seconds)
  return {
    width: Number(width),
    height: Number(height),
    durationSeconds: duration > 0 ? duration : null,
  }
}

function run(
  path: string,
  { ffmpegPath, signal }: { readonly ffmpegPath: string; readonly signal: AbortSignal },
): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const options = '-hide_banner -nostats -nostdin -protocol_whitelist file,pipe -i'
  const output = '-map 0:v:0 -frames:v 1 -f framecrc pipe:1'
  const args = [...options.split(' '), `file:${path}`, ...output.split(' ')]
  return new Promise((resolve, reject) => {
    execFile(ffmpegPath, args, { timeout: limitMs, env: {}, signal }, (error, stdout, stderr) => {
      if (error === null) return resolve({ stdout, stderr })
      if (signal.aborted) return reject(error)
      const said = stderr.trim().split('\n').at(-1) ?? ''
      const reason = said === '' ? error.message : said.replace(`file:${path}: `, '')
      reject(new StageError('input_invalid', `${path} is no video: ${reason}`, { cause: error }))
    })
  })
}
