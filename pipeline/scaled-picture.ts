import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { inspectPicture } from '#datasets/picture-file.ts'
import { contentSize, inputGeometry, type Size } from '#gpu/letterbox.ts'
import type { ModelInput } from '#gpu/model-card.ts'
import { packedPicture, yuv420pBytes } from '#gpu/yuv420p.ts'
import { messageOf } from '#std/coded-error.ts'
import { StageError } from './stage-error.ts'

/** Pixels as a model is fed them. */
export interface ScaledPicture extends Size {
  /** Rows of 3 bytes a pixel, in the order of the card. */
  readonly pixels: Uint8Array
  /** Of the file, as it is stored: an orientation in its metadata is for viewers, labels do not know of it. */
  readonly source: Size
}

export interface ScaleOptions {
  readonly input: ModelInput
  readonly ffmpegPath: string
  readonly signal?: AbortSignal
}

/** A picture of 24 megapixels takes 0.5 s; a child that hangs must not hang the stage. */
const limitMs = 60_000

/**
 * A picture file, scaled by FFmpeg with the filter that cameras' frames go through. Throws StageError
 * `input_missing` or `input_invalid`, which name the file.
 */
export async function scaledPicture(path: string, options: ScaleOptions): Promise<ScaledPicture> {
  const source = inspectPicture(await readOrThrow(path), path)
  const size = { width: source.width, height: source.height }
  const geometry = inputGeometry(options, size)
  const { width, height } = contentSize(options.input, size)
  const filter = ['-noautorotate', '-i', `file:${path}`, '-vf', geometry.filter]
  const output = ['-frames:v', '1', '-f', 'rawvideo', '-pix_fmt', geometry.pixelFormat, 'pipe:1']
  const pixels = await run(path, ['-v', 'error', '-nostdin', ...filter, ...output], options)
  if (pixels.length !== yuv420pBytes({ width, height }))
    throw new StageError('input_invalid', `${path}: ffmpeg gave ${pixels.length} bytes of it`)
  return { ...packedPicture(options.input, { pixels, width, height }), source: size }
}

async function readOrThrow(path: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (cause) {
    throw new StageError('input_missing', `cannot read ${path}: ${messageOf(cause)}`, { cause })
  }
}

function run(path: string, args: readonly string[], options: ScaleOptions): Promise<Uint8Array> {
  const { ffmpegPath, signal } = options
  return new Promise((resolve, reject) => {
    execFile(
      ffmpegPath,
      [...args],
      {
        encoding: 'buffer',
        timeout: limitMs,
        // 4096 x 4096 x 3, the largest input of a card.
        maxBuffer: 50_331_648,
        ...(signal !== undefined && { signal }),
      },
      (error, stdout, stderr) => {
        if (error === null) return resolve(new Uint8Array(stdout))
        if (signal?.aborted) return reject(error)
        const said = stderr.toString('utf8').trim().split('\n').at(-1) ?? ''
        const sentence = `${path}: ffmpeg cannot scale it: ${said === '' ? error.message : said}`
        reject(new StageError('input_invalid', sentence, { cause: error }))
      },
    )
  })
}
