import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { messageOf } from '#std/coded-error.ts'
import { inputGeometry } from './letterbox.ts'
import { packedPicture, yuv420pBytes } from './yuv420p.ts'
import type { CatalogueCard } from './model-card.ts'
import type { PixelBatch } from './model.ts'

export interface SelfTestPaths {
  readonly photoPath: string
  readonly ffmpegPath: string
}

export type SelfTestPicture =
  | { readonly kind: 'picture'; readonly batch: PixelBatch }
  | { readonly kind: 'missing'; readonly of: 'photo' | 'ffmpeg'; readonly sentence: string }

/** Decoding and scaling one photo takes 60 ms; a child that hangs must not hang the start. */
const ffmpegLimitMs = 20_000

/** The picture of a card's self-test, scaled for its model the way every camera's pictures are. Never throws. */
export async function selfTestPicture(
  card: Pick<CatalogueCard, 'input' | 'selfTest'>,
  paths: SelfTestPaths,
): Promise<SelfTestPicture> {
  const photo = await refusePhoto(paths.photoPath, card.selfTest.photo.sha256)
  if (photo !== null) return { kind: 'missing', of: 'photo', sentence: photo }
  const { picture } = card.selfTest
  const { width, height, pixelFormat, filter } = inputGeometry(card, picture)
  const refusal = (sentence: string): SelfTestPicture => ({
    kind: 'missing',
    of: 'ffmpeg',
    sentence,
  })
  try {
    const pixels = await scaledPhoto(paths, `${picture.filter},${filter}`, pixelFormat)
    if (pixels.length !== yuv420pBytes({ width, height }))
      return refusal(`ffmpeg gave ${pixels.length} bytes for ${width}x${height} pixels`)
    return { kind: 'picture', batch: packedPicture(card.input, { pixels, width, height }) }
  } catch (error) {
    return refusal(`ffmpeg cannot scale the photo of the self-test: ${messageOf(error)}`)
  }
}

/** The same picture, red and blue swapped. */
export function withSwappedColours(batch: PixelBatch): PixelBatch {
  const pixels = new Uint8Array(batch.pixels.length)
  for (let i = 0; i < pixels.length; i += 3) {
    pixels[i] = batch.pixels[i + 2] ?? 0
    pixels[i + 1] = batch.pixels[i + 1] ?? 0
    pixels[i + 2] = batch.pixels[i] ?? 0
  }
  return { ...batch, pixels }
}

/** null: it is the card's photo; else why not. */
async function refusePhoto(path: string, wanted: string): Promise<string | null> {
  try {
    const sha256 = createHash('sha256')
      .update(await readFile(path))
      .digest('hex')
    return sha256 === wanted
      ? null
      : `the photo of the self-test, ${path}, is not the one that the model card names`
  } catch (error) {
    return `the photo of the self-test is missing: ${messageOf(error)}`
  }
}

function scaledPhoto(
  paths: SelfTestPaths,
  filter: string,
  pixelFormat: string,
): Promise<Uint8Array> {
  const input = ['-v', 'error', '-nostdin', '-i', paths.photoPath, '-vf', filter]
  const output = ['-frames:v', '1', '-f', 'rawvideo', '-pix_fmt', pixelFormat, 'pipe:1']
  return new Promise((resolve, reject) => {
    execFile(
      paths.ffmpegPath,
      [...input, ...output],
      // 4096 x 4096 x 3, more than the largest input of a card.
      { encoding: 'buffer', timeout: ffmpegLimitMs, maxBuffer: 50_331_648 },
      (error, stdout, stderr) => {
        if (error === null) return resolve(new Uint8Array(stdout))
        const said = stderr.toString('utf8').trim().split('\n').at(-1) ?? ''
        reject(new Error(said === '' ? error.message : said, { cause: error }))
      },
    )
  })
}
