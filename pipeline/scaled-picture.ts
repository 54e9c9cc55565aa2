import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { inspectPicture } from '#datasets/picture-file.ts'
import type { InputGeometry } from '#gpu/detector.ts'
import { inputGeometry, type Size } from '#gpu/letterbox.ts'
import type { ModelInput } from '#gpu/model-card.ts'
import { pictureOrientation } from '#gpu/picture.ts'
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

/** Pixels as a stream of the detector takes them: yuv420p. */
export interface YuvPicture extends Size {
  readonly pixels: Uint8Array
  /** Of the file as it is stored, or of the picture as a person sees it where it was turned upright. */
  readonly source: Size
}

export interface ScaleOptions extends RunOptions {
  readonly input: ModelInput
}

interface RunOptions {
  readonly ffmpegPath: string
  readonly signal?: AbortSignal
}

export interface UprightOptions extends RunOptions {
  /** For pictures of that size, as `Detector.inputGeometry`. */
  readonly geometryOf: (source: Size) => InputGeometry
}

/** By EXIF orientation, FFmpeg's filters that turn a picture upright. */
const turns: Readonly<Record<number, string>> = {
  2: 'hflip,',
  3: 'hflip,vflip,',
  4: 'vflip,',
  5: 'transpose=cclock_flip,',
  6: 'transpose=clock,',
  7: 'transpose=clock_flip,',
  8: 'transpose=cclock,',
}
/** From here on width and height change places. */
const firstTurned = 5

/** A picture of 24 megapixels takes 0.5 s; a child that hangs must not hang the stage. */
const limitMs = 60_000

/**
 * A picture file, scaled by FFmpeg with the filter that cameras' frames go through. Throws StageError
 * `input_missing` or `input_invalid`, which name the file.
 */
export async function scaledPicture(path: string, options: ScaleOptions): Promise<ScaledPicture> {
  const { source, ...picture } = await storedPicture(path, options)
  return { ...packedPicture(options.input, picture), source }
}

/** The same as FFmpeg gives it, yuv420p, as a stream of the detector takes it. Throws StageError as above. */
export async function storedPicture(path: string, options: ScaleOptions): Promise<YuvPicture> {
  const { width, height } = inspectPicture(await readOrThrow(path), path)
  const source = { width, height }
  const geometry = inputGeometry(options, source)
  const pixels = await scale(path, { ...options, geometry, turn: '' })
  return { pixels, width: geometry.width, height: geometry.height, source }
}

/**
 * The same as yuv420p, turned upright first: as a person sees the picture. Throws StageError as above, and for a picture
 * whose pixels nobody can unpack.
 */
export async function uprightPicture(path: string, options: UprightOptions): Promise<YuvPicture> {
  const bytes = await readOrThrow(path)
  const stored = inspectPicture(bytes, path)
  const orientation = await orientationOf(bytes, path)
  const source =
    orientation >= firstTurned
      ? { width: stored.height, height: stored.width }
      : { width: stored.width, height: stored.height }
  const geometry = options.geometryOf(source)
  const pixels = await scale(path, { ...options, geometry, turn: turns[orientation] ?? '' })
  return { pixels, width: geometry.width, height: geometry.height, source }
}

async function scale(
  path: string,
  options: RunOptions & { readonly geometry: InputGeometry; readonly turn: string },
): Promise<Uint8Array> {
  const { geometry, turn } = options
  const filter = ['-noautorotate', '-i', `file:${path}`, '-vf', `${turn}${geometry.filter}`]
  const output = ['-frames:v', '1', '-f', 'rawvideo', '-pix_fmt', geometry.pixelFormat, 'pipe:1']
  const pixels = await run(path, ['-v', 'error', '-nostdin', ...filter, ...output], options)
  if (pixels.length !== yuv420pBytes(geometry))
    throw new StageError('input_invalid', `${path}: ffmpeg gave ${pixels.length} bytes of it`)
  return pixels
}

async function orientationOf(bytes: Buffer, path: string): Promise<number> {
  try {
    return await pictureOrientation(bytes)
  } catch (cause) {
    throw new StageError('input_invalid', `${path} is ${messageOf(cause)}`, { cause })
  }
}

async function readOrThrow(path: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (cause) {
    throw new StageError('input_missing', `cannot read ${path}: ${messageOf(cause)}`, { cause })
  }
}

function run(path: string, args: readonly string[], options: RunOptions): Promise<Uint8Array> {
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
