import { Candidates, candidateValues } from '#gpu/candidates.ts'
import type { HeadOutput } from '#gpu/heads/head.ts'
import { headOfCard } from '#gpu/heads/head-of-card.ts'
import type { Size } from '#gpu/letterbox.ts'
import type { CatalogueCard } from '#gpu/model-card.ts'
import { suppress } from '#gpu/nms.ts'
import { openRawSession, type RawSession } from '#gpu/raw-session.ts'
import { assert } from '#std/assert.ts'
import { fixedSides, withFreeAxes } from './raw-free-axes.ts'
import { type RawBoxes, type ReferenceBox, referenceDecoder, toldBoxes } from './reference-boxes.ts'
import { type ReferenceInput, referenceInput, type RgbPicture } from './reference-input.ts'

/** A box that would be told: shares of the picture, clipped, and the class by its name. */
export interface ToldBox {
  readonly className: string
  readonly score: number
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
}

/**
 * The raw file with plain pre- and post-processing around it, by the words of the reference card: what the prepared
 * file and the serving code are held against. As slow as it is plain.
 */
export class ReferenceModel implements AsyncDisposable {
  readonly card: CatalogueCard
  readonly raw: Uint8Array
  readonly #fixed: Size | null
  readonly #intraOpThreads: number
  #asIs: RawSession | null = null
  #freed: RawSession | null = null

  constructor(options: {
    readonly raw: Uint8Array
    readonly card: CatalogueCard
    readonly intraOpThreads: number
  }) {
    this.card = options.card
    this.raw = options.raw
    this.#fixed = fixedSides(options.raw, options.card.input.layout)
    this.#intraOpThreads = options.intraOpThreads
  }

  /** The one size that the raw file takes as it is; null: any. */
  get fixedSize(): Size | null {
    return this.#fixed
  }

  /** Whether boxes are decoded by code of its own; else the serving head is trusted. */
  get decodesItself(): boolean {
    return referenceDecoder(this.card) !== null
  }

  input(picture: RgbPicture): ReferenceInput {
    return referenceInput(picture, this.card.input)
  }

  /** The raw outputs of one picture that the family is read from, in the order in which its head reads them. */
  async outputs(input: ReferenceInput): Promise<readonly HeadOutput[]> {
    const session = await this.#sessionFor(input)
    const { width, height, data } = input
    const dims = this.card.input.layout === 'nchw' ? [1, 3, height, width] : [1, height, width, 3]
    const feeds = session.inputNames.map((name) =>
      name === 'orig_target_sizes'
        ? ([name, { dims: [1, 2], data: BigInt64Array.of(BigInt(width), BigInt(height)) }] as const)
        : ([name, { dims, data }] as const),
    )
    return this.bound(await session.run(Object.fromEntries(feeds)))
  }

  /** Those outputs of the file that the family is read from, in the order in which its head reads them. */
  bound(found: readonly (HeadOutput & { readonly name: string })[]): readonly HeadOutput[] {
    const binding = headOfCard(this.card).bind(found)
    assert(binding.kind === 'bound', 'the raw outputs are of the card’s family')
    return binding.names.flatMap((name) => found.find((each) => each.name === name) ?? [])
  }

  /** All boxes of picture `index` of such outputs; null for families that are not decoded here. */
  boxesOf(outputs: readonly HeadOutput[], size: Size, index: number): RawBoxes | null {
    return referenceDecoder(this.card)?.(outputs, index, size.width, size.height) ?? null
  }

  /** What it would tell of a picture. */
  async told(
    picture: RgbPicture,
    thresholds: CatalogueCard['thresholds'],
  ): Promise<readonly ToldBox[]> {
    const input = this.input(picture)
    const outputs = await this.outputs(input)
    const boxes = this.boxesOf(outputs, input, 0)
    const found =
      boxes === null ? this.#toldByHead(outputs, input, thresholds) : toldBoxes(boxes, thresholds)
    return found.flatMap((box) => this.#toShares(box, input, picture) ?? [])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#asIs?.[Symbol.asyncDispose]()
    await this.#freed?.[Symbol.asyncDispose]()
    this.#asIs = null
    this.#freed = null
  }

  async #sessionFor(size: Size): Promise<RawSession> {
    const options = { intraOpThreads: this.#intraOpThreads }
    const fits =
      this.#fixed === null ||
      (this.#fixed.width === size.width && this.#fixed.height === size.height)
    if (fits) return (this.#asIs ??= await openRawSession(this.raw, options))
    return (this.#freed ??= await openRawSession(withFreeAxes(this.raw), options))
  }

  #toldByHead(
    outputs: readonly HeadOutput[],
    size: Size,
    thresholds: CatalogueCard['thresholds'],
  ): readonly ReferenceBox[] {
    const candidates = new Candidates()
    headOfCard({ ...this.card, thresholds }).decode(outputs, 0, size, candidates)
    return suppress(candidates, thresholds).map((index) => {
      const [classIndex = 0, score = 0, left = 0, top = 0, right = 0, bottom = 0] =
        candidates.values.subarray(index * candidateValues, (index + 1) * candidateValues)
      return { classIndex, score, left, top, right, bottom }
    })
  }

  /** Null for what lies in the padding alone. */
  #toShares(box: ReferenceBox, input: ReferenceInput, picture: Size): ToldBox | null {
    const share = (value: number, from: number, side: number): number =>
      Math.min(1, Math.max(0, (value - from) / side))
    const told = {
      className: this.card.classes[box.classIndex] ?? '?',
      score: box.score,
      left: share(box.left, input.left, picture.width),
      top: share(box.top, input.top, picture.height),
      right: share(box.right, input.left, picture.width),
      bottom: share(box.bottom, input.top, picture.height),
    }
    return told.right > told.left && told.bottom > told.top ? told : null
  }
}
