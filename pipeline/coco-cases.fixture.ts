import type { CocoDetection, CocoTruth } from './coco-files.ts'
import type { CocoBox } from './coco-match.ts'
import { SeededRandom } from './seeded-random.fixture.ts'

export interface CocoCase {
  readonly name: string
  readonly truth: CocoTruth
  readonly detections: readonly CocoDetection[]
}

/** What one case is rich in; a case has the kind of its number, so that each comes up equally often. */
const kinds = [
  'plain',
  'crowds',
  'equal scores',
  'area borders',
  'duplicates',
  'overlaps at thresholds',
  'empty pictures',
  'many detections',
  'classes without objects',
  'objects equally near',
  'nothing found',
  'areas of outlines',
] as const
type Kind = (typeof kinds)[number]

/** The same cases on every machine: whole-number arithmetic and + - * / only. */
export function generatedCase(number: number): CocoCase {
  const kind = kinds[number % kinds.length] ?? 'plain'
  const generator = new Generator(number + 1, kind)
  return { name: `${number}: ${kind}`, ...generator.make() }
}

class Generator {
  readonly #random: SeededRandom
  readonly #kind: Kind
  readonly #annotations: CocoTruth['annotations'] = []
  readonly #detections: CocoDetection[] = []

  constructor(seed: number, kind: Kind) {
    this.#random = new SeededRandom(seed)
    this.#kind = kind
  }

  make(): Omit<CocoCase, 'name'> {
    const imageIds = this.#random.shuffled(
      Array.from({ length: this.#random.whole(1, 8) }, (_, i) => i * 3 + 2),
    )
    const categoryIds = this.#random.shuffled(
      Array.from({ length: this.#random.whole(1, 5) }, (_, i) => i * 2 + 1),
    )
    for (const imageId of imageIds) {
      if (this.#kind === 'empty pictures' && this.#random.chance(0.5)) continue
      for (const categoryId of categoryIds) this.#fill(imageId, categoryId)
    }
    return {
      truth: {
        images: imageIds.map((id) => ({ id })),
        categories: categoryIds.map((id) => ({ id, name: `class ${id}` })),
        annotations: this.#annotations,
      },
      detections: this.#random.shuffled(this.#detections),
    }
  }

  #fill(imageId: number, categoryId: number): void {
    const hasObjects = this.#kind !== 'classes without objects' || categoryId === 3
    if (hasObjects) {
      const count = this.#random.whole(0, this.#kind === 'many detections' ? 40 : 6)
      for (let i = 0; i < count; i++) this.#addObject(imageId, categoryId)
    }
    const strays = this.#random.whole(0, this.#kind === 'many detections' ? 110 : 4)
    for (let i = 0; i < strays; i++) this.#detect(imageId, categoryId, this.#box())
  }

  #addObject(imageId: number, categoryId: number): void {
    const box = this.#box()
    const isCrowd = this.#random.chance(this.#kind === 'crowds' ? 0.4 : 0.05)
    const area = box[2] * box[3] * (this.#kind === 'areas of outlines' ? this.#random.share() : 1)
    this.#annotations.push({
      id: this.#annotations.length + 1,
      image_id: imageId,
      category_id: categoryId,
      bbox: box,
      area,
      iscrowd: isCrowd ? 1 : 0,
    })
    if (this.#kind === 'nothing found') return
    if (this.#kind === 'objects equally near' && this.#random.chance(0.7))
      this.#addTwin(imageId, categoryId, box)
    const hits = isCrowd
      ? this.#random.whole(0, 4)
      : this.#random.whole(0, this.#kind === 'duplicates' ? 4 : 2)
    for (let i = 0; i < hits; i++) this.#detect(imageId, categoryId, this.#near(box))
  }

  /** Two objects to the left and the right of one detection, which overlaps both alike. */
  #addTwin(imageId: number, categoryId: number, box: CocoBox): void {
    const shift = Math.floor(box[2] / 4)
    const moved: CocoBox = [box[0] + 2 * shift, box[1], box[2], box[3]]
    this.#annotations.push({
      id: this.#annotations.length + 1,
      image_id: imageId,
      category_id: categoryId,
      bbox: moved,
      area: moved[2] * moved[3],
      iscrowd: this.#random.chance(0.2) ? 1 : 0,
    })
    this.#detect(imageId, categoryId, [box[0] + shift, box[1], box[2], box[3]])
  }

  #detect(imageId: number, categoryId: number, bbox: CocoBox): void {
    const steps = this.#kind === 'equal scores' ? 4 : 10_000
    const score = this.#random.whole(1, steps) / steps
    const copies = this.#kind === 'duplicates' && this.#random.chance(0.3) ? 2 : 1
    // A class that the ground truth does not know is left out.
    const category_id = this.#random.chance(0.02) ? 99 : categoryId
    for (let i = 0; i < copies; i++)
      this.#detections.push({ image_id: imageId, category_id, bbox, score })
  }

  #box(): CocoBox {
    const left = this.#random.whole(0, 400)
    const top = this.#random.whole(0, 300)
    if (this.#kind === 'area borders') {
      // 1024 and 9216 square pixels, and one row or column more or less.
      const sides = this.#random.chance(0.5) ? [32, 32] : [96, 96]
      const [width = 0, height = 0] = sides
      return [left, top, width + this.#random.whole(-1, 1), height + this.#random.whole(-1, 1)]
    }
    // No area: it is found by nothing.
    if (this.#random.chance(0.02)) return [left, top, 0, this.#random.whole(0, 20)]
    const side = this.#random.chance(0.3) ? 30 : this.#random.chance(0.5) ? 90 : 250
    return [left, top, this.#random.whole(2, side), this.#random.whole(2, side)]
  }

  #near(box: CocoBox): CocoBox {
    const [left, top, width, height] = box
    if (this.#kind === 'overlaps at thresholds') {
      // As wide but a share as high: the overlap is that share.
      const share = this.#random.whole(10, 20) / 20
      return [left, top, width, height * share]
    }
    if (this.#random.chance(0.2)) return box
    const jitter = (side: number): number => (this.#random.share() - 0.5) * side * 0.3
    return [
      left + jitter(width),
      top + jitter(height),
      Math.max(1, width + jitter(width)),
      Math.max(1, height + jitter(height)),
    ]
  }
}
