import { assert } from './assert.ts'

/**
 * Counts observations in fixed buckets without allocating: what the hot path writes and a collector reads later.
 * Bucket i counts values <= edges[i]; the last one counts the rest. Not cumulative.
 */
export class Histogram {
  readonly edges: readonly number[]
  readonly counts: Float64Array
  #sum = 0
  #total = 0

  constructor(edges: readonly number[]) {
    for (let i = 1; i < edges.length; i++)
      assert((edges[i] ?? 0) > (edges[i - 1] ?? 0), 'histogram edges rise')
    this.edges = edges
    this.counts = new Float64Array(edges.length + 1)
  }

  get sum(): number {
    return this.#sum
  }

  get total(): number {
    return this.#total
  }

  observe(value: number): void {
    let i = 0
    while (i < this.edges.length && value > (this.edges[i] ?? Infinity)) i++
    this.counts[i] = (this.counts[i] ?? 0) + 1
    this.#sum += value
    this.#total++
  }

  /** The value below which share `q` (0..1) lies, linear inside its bucket; the last edge for the overflow; null when empty. */
  quantile(q: number): number | null {
    if (this.#total === 0) return null
    const rank = q * this.#total
    let below = 0
    for (let i = 0; i < this.edges.length; i++) {
      const count = this.counts[i] ?? 0
      if (below + count >= rank && count > 0) {
        const low = i === 0 ? 0 : (this.edges[i - 1] ?? 0)
        return low + ((this.edges[i] ?? low) - low) * ((rank - below) / count)
      }
      below += count
    }
    return this.edges.at(-1) ?? null
  }
}
