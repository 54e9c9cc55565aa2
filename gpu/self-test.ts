import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { messageOf } from '#std/coded-error.ts'
import { inputGeometry } from './letterbox.ts'
import type { Model } from './model.ts'
import type { ModelCard } from './model-card.ts'
import { judgeSelfTest, type SelfTestSuspect } from './self-test-verdict.ts'

export type SelfTestResult =
  | { readonly passed: true }
  | {
      readonly passed: false
      readonly suspect: SelfTestSuspect
      /** For the operator: what was found, and what is likely wrong. */
      readonly sentence: string
    }

/** Decoding and scaling one photo takes 60 ms; a child that hangs must not hang the start. */
const ffmpegLimitMs = 20_000

/**
 * Sends a known picture the whole way (FFmpeg, the model's prologue, network, head, suppression) and compares with
 * the card's boxes. Catches what no checksum does: wrong scale, colour order or fit. Never throws for what it tests;
 * rejects where the model itself cannot run.
 */
export async function runSelfTest(
  model: Model,
  options: { readonly photoPath: string; readonly ffmpegPath: string },
): Promise<SelfTestResult> {
  const { card } = model
  const photo = await readPhoto(options.photoPath, card)
  if (photo !== null) return failed('photo', photo)
  const { picture } = card.selfTest
  const geometry = inputGeometry(card, picture)
  const { width, height, pixelFormat } = geometry
  const filter = `${picture.filter},${geometry.filter}`
  let pixels: Uint8Array
  try {
    pixels = await scaledPhoto(options, filter, pixelFormat)
  } catch (error) {
    return failed('ffmpeg', `ffmpeg cannot scale the photo of the self-test: ${messageOf(error)}`)
  }
  if (pixels.length !== width * height * 3)
    return failed('ffmpeg', `ffmpeg gave ${pixels.length} bytes for ${width}x${height} pixels`)
  const asIs = await detect(model, pixels, { width, height })
  const swapped = await detect(model, withSwappedColours(pixels), { width, height })
  const verdict = judgeSelfTest(card, { asIs, swapped })
  return verdict === null ? { passed: true } : failed(verdict.suspect, verdict.sentence)
}

async function detect(
  model: Model,
  pixels: Uint8Array,
  size: { readonly width: number; readonly height: number },
): Promise<Float32Array> {
  const { detections } = await model.run({ pixels, count: 1, ...size })
  return detections[0] ?? new Float32Array()
}

/** null: it is the card's photo; else why not. */
async function readPhoto(path: string, card: ModelCard): Promise<string | null> {
  try {
    const sha256 = createHash('sha256')
      .update(await readFile(path))
      .digest('hex')
    return sha256 === card.selfTest.photo.sha256
      ? null
      : `the photo of the self-test, ${path}, is not the one that the model card names`
  } catch (error) {
    return `the photo of the self-test is missing: ${messageOf(error)}`
  }
}

function scaledPhoto(
  options: { readonly photoPath: string; readonly ffmpegPath: string },
  filter: string,
  pixelFormat: string,
): Promise<Uint8Array> {
  const input = ['-v', 'error', '-nostdin', '-i', options.photoPath, '-vf', filter]
  const output = ['-frames:v', '1', '-f', 'rawvideo', '-pix_fmt', pixelFormat, 'pipe:1']
  return new Promise((resolve, reject) => {
    execFile(
      options.ffmpegPath,
      [...input, ...output],
      // 4096 x 4096 x 3, the largest input of a card.
      { encoding: 'buffer', timeout: ffmpegLimitMs, maxBuffer: 50_331_648 },
      (error, stdout, stderr) => {
        if (error === null) return resolve(new Uint8Array(stdout))
        const said = stderr.toString('utf8').trim().split('\n').at(-1) ?? ''
        reject(new Error(said === '' ? error.message : said, { cause: error }))
      },
    )
  })
}

function withSwappedColours(pixels: Uint8Array): Uint8Array {
  const swapped = new Uint8Array(pixels.length)
  for (let i = 0; i < pixels.length; i += 3) {
    swapped[i] = pixels[i + 2] ?? 0
    swapped[i + 1] = pixels[i + 1] ?? 0
    swapped[i + 2] = pixels[i] ?? 0
  }
  return swapped
}

function failed(suspect: SelfTestSuspect, sentence: string): SelfTestResult {
  return { passed: false, suspect, sentence }
}
