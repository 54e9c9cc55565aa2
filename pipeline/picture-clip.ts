import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import type { Size } from '#gpu/letterbox.ts'
import { yuv420pBytes } from '#gpu/yuv420p.ts'
import { messageOf } from '#std/coded-error.ts'
import { StageError } from './stage-error.ts'

const limitMs = 120_000
/** A picture of 24 megapixels, the largest that a camera sends. */
const frameBytesMax = 64 * 1024 * 1024

/**
 * Pictures of one size as an H.264 clip in Annex B, a key frame each, as a good camera would send them. Odd sides lose
 * their last line: chroma samples span two pixels. The size of its frames. Throws StageError.
 */
export async function makePictureClip(
  pictures: readonly string[],
  options: Size & {
    readonly fps: number
    readonly path: string
    readonly ffmpegPath: string
    readonly signal: AbortSignal
  },
): Promise<Size> {
  const { ffmpegPath, signal, fps, path } = options
  const size = { width: evenBelow(options.width), height: evenBelow(options.height) }
  const yuvPath = `${path}.yuv`
  const parts: Uint8Array[] = []
  const filter = `crop=${size.width}:${size.height}:0:0,scale=out_color_matrix=bt601:out_range=limited`
  try {
    for (const picture of pictures) {
      const input = ['-v', 'error', '-nostdin', '-noautorotate', '-i', `file:${picture}`]
      const output = ['-vf', filter, '-frames:v', '1', '-f', 'rawvideo', '-pix_fmt', 'yuv420p']
      const { stdout } = await promisify(execFile)(ffmpegPath, [...input, ...output, 'pipe:1'], {
        encoding: 'buffer',
        timeout: limitMs,
        maxBuffer: frameBytesMax,
        signal,
      })
      if (stdout.length !== yuv420pBytes(size))
        throw new StageError(
          'input_invalid',
          `${picture} is not ${options.width}x${options.height}`,
        )
      parts.push(stdout)
    }
    await writeFile(yuvPath, parts)
    const raw = ['-f', 'rawvideo', '-pix_fmt', 'yuv420p', '-s', `${size.width}x${size.height}`]
    const input = ['-v', 'error', '-nostdin', '-y', ...raw, '-r', String(fps), '-i', yuvPath]
    // Nothing is predicted from a picture that has nothing to do with it.
    const encoder = ['-c:v', 'libx264', '-preset', 'fast', '-crf', '12', '-g', '1', '-bf', '0']
    const output = ['-threads', '2', '-bsf:v', 'dump_extra', '-f', 'h264', path]
    await promisify(execFile)(ffmpegPath, [...input, ...encoder, ...output], {
      timeout: limitMs,
      signal,
    })
    return size
  } catch (cause) {
    if (cause instanceof StageError || signal.aborted) throw cause
    throw new StageError('environment_missing', `ffmpeg cannot make a clip: ${messageOf(cause)}`, {
      cause,
    })
  }
}

function evenBelow(side: number): number {
  return Math.max(2, Math.floor(side / 2) * 2)
}
