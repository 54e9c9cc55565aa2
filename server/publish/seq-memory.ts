/** Removed cameras whose last seq is remembered one by one. */
const rememberedMax = 1_024

/**
 * The last `seq` of cameras that were removed, so that one that comes back goes on counting. The oldest are forgotten;
 * from then on every new camera starts above all of theirs.
 */
export class SeqMemory {
  readonly #seqs = new Map<string, number>()
  #floor = 0

  lastOf(cameraId: string): number {
    return this.#seqs.get(cameraId) ?? this.#floor
  }

  remember(cameraId: string, seq: number): void {
    this.#seqs.delete(cameraId)
    this.#seqs.set(cameraId, seq)
    if (this.#seqs.size <= rememberedMax) return
    const oldest = this.#seqs.entries().next().value
    if (oldest === undefined) return
    this.#seqs.delete(oldest[0])
    this.#floor = Math.max(this.#floor, oldest[1])
  }
}
