import { contentSize, type Size } from '#gpu/letterbox.ts'
import type { CatalogueCard } from '#gpu/model-card.ts'
import type { InspectableModel } from '#gpu/model.ts'
import { packedPicture } from '#gpu/yuv420p.ts'
import type { Clock } from '#std/clock.ts'
import type { CocoTruth } from './coco-files.ts'
import type { ModelPaths } from './model-paths.ts'
import type { ReferenceModel } from './reference-model.ts'
import type { RgbPicture } from './reference-input.ts'
import { rgbOfYuv } from './reference-pixels.ts'
import { storedPicture } from './scaled-picture.ts'
import type { Progress } from './stage.ts'

/** How exact the weights are to be told again. */
export type Precision = 'fp32' | 'fp16' | 'int8'

/** The model under test, what it is held against, and the pictures on which. */
export interface VerifySubject {
  readonly paths: ModelPaths
  /** As it serves. */
  readonly model: InspectableModel
  readonly reference: ReferenceModel
  readonly precision: Precision
  /** Picture files. */
  readonly pictures: readonly string[]
  /** Their labels; null: none, the reference's own boxes stand in. */
  readonly truth: CocoTruth | null
  /** Those that were loaded; the first `pairsMax`, further ones are loaded each time. */
  readonly pairs: Map<string, Promise<PicturePair>>
  readonly executionProviders: readonly string[]
  readonly ffmpegPath: string
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly progress: Progress
}

/** 0.6 MB each at 416x234: 40 MB. */
const pairsMax = 64

/** One picture twice: as the served card has it packed for the model, and as the reference sees it. */
export interface PicturePair extends Size {
  /** In the order of the served card. */
  readonly pixels: Uint8Array
  readonly rgb: RgbPicture
  /** Of the file. */
  readonly source: Size
}

/** From the subject's cache, where several gates look at the same pictures. */
export function picturePair(path: string, subject: VerifySubject): Promise<PicturePair> {
  const { pairs } = subject
  const standing = pairs.get(path)
  if (standing !== undefined) return standing
  const loading = loadPair(path, subject)
  if (pairs.size < pairsMax) pairs.set(path, loading)
  return loading
}

/** Scaled once where both cards ask for one size; the colours are the reference's own arithmetic. */
async function loadPair(path: string, subject: VerifySubject): Promise<PicturePair> {
  const { ffmpegPath, signal, model, reference } = subject
  const { input } = model.card
  const served = await storedPicture(path, { input, ffmpegPath, signal })
  const wanted = contentSize(reference.card.input, served.source)
  const isOneSize = wanted.width === served.width && wanted.height === served.height
  const plain = isOneSize
    ? served
    : await storedPicture(path, { input: reference.card.input, ffmpegPath, signal })
  const { pixels } = packedPicture(input, served)
  const { width, height, source } = served
  return { width, height, pixels, source, rgb: rgbOfYuv(plain) }
}

/** Noise of a seed, the same for both. */
export function noisePair(
  size: Size,
  seed: number,
  card: Pick<CatalogueCard, 'input'>,
): PicturePair {
  const { width, height } = size
  const rgb = new Uint8Array(width * height * 3)
  let state = seed
  for (let i = 0; i < rgb.length; i++) {
    // A linear congruential generator (Numerical Recipes' constants): its high byte is noise enough.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    rgb[i] = state >>> 24
  }
  const pixels = card.input.colourOrder === 'bgr' ? withSwappedEnds(rgb) : rgb
  return { width, height, pixels, source: size, rgb: { rgb, width, height } }
}

function withSwappedEnds(rgb: Uint8Array): Uint8Array {
  const swapped = rgb.slice()
  for (let i = 0; i < rgb.length; i += 3) {
    swapped[i] = rgb[i + 2] ?? 0
    swapped[i + 2] = rgb[i] ?? 0
  }
  return swapped
}
