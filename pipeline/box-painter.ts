import { textMask } from '#gpu/picture.ts'
import { assert } from '#std/assert.ts'
import type { DetectedObject } from '#protocol/messages.ts'
import { classColour, type Colour } from './class-colour.ts'

type Mask = Awaited<ReturnType<typeof textMask>>
type Yuv = readonly [y: number, u: number, v: number]

interface Rectangle {
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
}

/** Labels differ in class and hundredths of score; drawing one takes 1 ms, and 80 classes have 8,000. */
const masksMax = 4096

/** Draws boxes with labels into pictures of one size, in place: yuv420p, both sides even. */
export class BoxPainter {
  readonly #width: number
  readonly #height: number
  /** Even, as a chroma sample is two pixels wide. */
  readonly #line: number
  readonly #textHeight: number
  readonly #masks = new Map<string, Mask>()

  constructor(size: { readonly width: number; readonly height: number }) {
    assert(size.width % 2 === 0 && size.height % 2 === 0, 'both sides are even')
    this.#width = size.width
    this.#height = size.height
    this.#line = Math.max(2, 2 * Math.round(Math.max(size.width, size.height) / 1200))
    this.#textHeight = Math.max(14, 2 * Math.round(Math.max(size.width, size.height) / 100))
  }

  async paint(pixels: Uint8Array, objects: readonly DetectedObject[]): Promise<void> {
    for (const object of objects) {
      const colour = yuvOf(classColour(object.class))
      const [left, top, width, height] = object.box
      const box = {
        left: left * this.#width,
        top: top * this.#height,
        right: (left + width) * this.#width,
        bottom: (top + height) * this.#height,
      }
      this.#outline(pixels, box, colour)
      const mask = await this.#maskOf(`${object.label} ${object.score.toFixed(2)}`)
      this.#label(pixels, box, colour, mask)
    }
  }

  #outline(pixels: Uint8Array, { left, top, right, bottom }: Rectangle, colour: Yuv): void {
    const line = this.#line
    this.#fill(pixels, { left, top, right, bottom: top + line }, colour)
    this.#fill(pixels, { left, top: bottom - line, right, bottom }, colour)
    this.#fill(pixels, { left, top, right: left + line, bottom }, colour)
    this.#fill(pixels, { left: right - line, top, right, bottom }, colour)
  }

  /** Black on the box's colour, above the box or, at the upper border, inside it. */
  #label(pixels: Uint8Array, box: Rectangle, colour: Yuv, mask: Mask): void {
    const top = even(box.top >= mask.height ? box.top - mask.height : box.top)
    const left = even(Math.max(0, Math.min(box.left, this.#width - mask.width)))
    const [right, bottom] = [left + mask.width, top + mask.height]
    this.#fill(pixels, { left, top, right, bottom }, colour)
    for (let y = 0; y < mask.height && top + y < this.#height; y++)
      for (let x = 0; x < mask.width && left + x < this.#width; x++) {
        const ink = mask.data[y * mask.width + x] ?? 0
        const at = (top + y) * this.#width + left + x
        const paper = pixels[at] ?? 0
        pixels[at] = paper + ((16 - paper) * ink) / 255
      }
  }

  #fill(pixels: Uint8Array, rectangle: Rectangle, [y, u, v]: Yuv): void {
    const left = clamp(even(rectangle.left), this.#width)
    const right = clamp(even(rectangle.right), this.#width)
    const top = clamp(even(rectangle.top), this.#height)
    const bottom = clamp(even(rectangle.bottom), this.#height)
    const chroma = this.#width / 2
    const first = this.#width * this.#height
    const second = first + chroma * (this.#height / 2)
    for (let row = top; row < bottom; row++)
      pixels.fill(y, row * this.#width + left, row * this.#width + right)
    for (let row = top / 2; row < bottom / 2; row++) {
      pixels.fill(u, first + row * chroma + left / 2, first + row * chroma + right / 2)
      pixels.fill(v, second + row * chroma + left / 2, second + row * chroma + right / 2)
    }
  }

  async #maskOf(label: string): Promise<Mask> {
    const known = this.#masks.get(label)
    if (known !== undefined) return known
    if (this.#masks.size >= masksMax) this.#masks.clear()
    const mask = await textMask(label, this.#textHeight)
    this.#masks.set(label, mask)
    return mask
  }
}

/** ITU-R BT.601-7, limited range. */
function yuvOf([r, g, b]: Colour): Yuv {
  return [
    Math.round(16 + (65.481 * r + 128.553 * g + 24.966 * b) / 255),
    Math.round(128 + (-37.797 * r - 74.203 * g + 112 * b) / 255),
    Math.round(128 + (112 * r - 93.786 * g - 18.214 * b) / 255),
  ]
}

function even(value: number): number {
  return 2 * Math.round(value / 2)
}

function clamp(value: number, max: number): number {
  return Math.max(0, Math.min(max, value))
}
