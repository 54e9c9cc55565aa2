interface Event {
  readonly atMs: number
  /** Events of one instant happen in the order in which they were planned. */
  readonly order: number
  readonly act: () => void
}

/** What is going to happen, earliest first: a binary heap. */
export class EventQueue {
  readonly #heap: Event[] = []
  #planned = 0
  #nowMs = 0

  get nowMs(): number {
    return this.#nowMs
  }

  plan(atMs: number, act: () => void): void {
    const event: Event = { atMs, order: this.#planned++, act }
    let at = this.#heap.push(event) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      const above = this.#heap[parent]
      if (above === undefined || isBefore(above, event)) break
      this.#heap[at] = above
      at = parent
    }
    this.#heap[at] = event
  }

  /** Lets things happen until `endMs`. */
  runUntil(endMs: number): void {
    for (;;) {
      const [first] = this.#heap
      if (first === undefined || first.atMs > endMs) break
      this.#removeFirst()
      this.#nowMs = first.atMs
      first.act()
    }
    this.#nowMs = endMs
  }

  #removeFirst(): void {
    const last = this.#heap.pop()
    if (last === undefined || this.#heap.length === 0) return
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      const left = this.#heap[child]
      const right = this.#heap[child + 1]
      if (left === undefined) break
      const smaller = right !== undefined && isBefore(right, left) ? right : left
      if (smaller === right) child++
      if (!isBefore(smaller, last)) break
      this.#heap[at] = smaller
      at = child
    }
    this.#heap[at] = last
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order)
}
