/** Boxes of one picture before suppression, in pixels of what the network saw; arrays that are used again. */
export class Candidates {
  count = 0
  /** Class index, score, left, top, right, bottom; one after another. */
  values = new Float32Array(candidateValues * 64)

  clear(): void {
    this.count = 0
  }

  /** A box with a value that is no number, or without an area, is none: a broken file must break nothing later. */
  add(
    classIndex: number,
    score: number,
    left: number,
    top: number,
    right: number,
    bottom: number,
  ): void {
    // NaN fails every comparison.
    if (!(score <= 1 && right > left && bottom > top)) return
    if (!(left > -edgeMax && top > -edgeMax && right < edgeMax && bottom < edgeMax)) return
    const at = this.count * candidateValues
    if (at === this.values.length) this.#grow()
    this.values[at] = classIndex
    this.values[at + 1] = score
    this.values[at + 2] = left
    this.values[at + 3] = top
    this.values[at + 4] = right
    this.values[at + 5] = bottom
    this.count++
  }

  /** A box as left, top, right, bottom, from `at` on. */
  addCorners(classIndex: number, score: number, data: Float32Array, at: number): void {
    const right = data[at + 2] ?? NaN
    const bottom = data[at + 3] ?? NaN
    this.add(classIndex, score, data[at] ?? NaN, data[at + 1] ?? NaN, right, bottom)
  }

  /** A box as its centre and size. */
  addCentred(
    classIndex: number,
    score: number,
    centreX: number,
    centreY: number,
    width: number,
    height: number,
  ): void {
    const left = centreX - width / 2
    const top = centreY - height / 2
    this.add(classIndex, score, left, top, centreX + width / 2, centreY + height / 2)
  }

  #grow(): void {
    const larger = new Float32Array(this.values.length * 2)
    larger.set(this.values)
    this.values = larger
  }
}

/** Pixels; no picture is larger, and a broken network's exponentials are. */
const edgeMax = 1e6

/** Numbers a candidate; a head adds at most one for each of its anchors. */
export const candidateValues = 6
