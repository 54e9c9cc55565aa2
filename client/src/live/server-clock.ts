export interface Exchange {
  /** Client's clock. */
  readonly sentAtMs: number
  readonly receivedAtMs: number
  /** Server's clock, somewhere between the two. */
  readonly serverAtMs: number
}

/** At one ping every 5 s the last minute: two crystals drift 100 ppm apart at worst, 6 ms in that time. */
const exchangesMax = 12

/**
 * Where the server's monotonic clock stands, from ping and pong. The exchange with the shortest way there and back is
 * believed, because a queue on either side only ever makes it longer (the idea of NTP's clock filter, RFC 5905
 * section 10). The error is at most half of that exchange's round trip.
 */
export class ServerClock {
  readonly #recent: Exchange[] = []
  #best: Exchange | null = null

  observe(exchange: Exchange): void {
    this.#recent.push(exchange)
    if (this.#recent.length > exchangesMax) this.#recent.shift()
    this.#best = this.#recent.reduce((best, other) =>
      roundTripMs(other) <= roundTripMs(best) ? other : best,
    )
  }

  /** An instant of this client on the server's clock; null before the first answer. */
  toServerMs(atMs: number): number | null {
    if (this.#best === null) return null
    const { sentAtMs, receivedAtMs, serverAtMs } = this.#best
    return atMs + serverAtMs - (sentAtMs + receivedAtMs) / 2
  }

  /** How far off `toServerMs` can be; null before the first answer. */
  get errorMsMax(): number | null {
    return this.#best === null ? null : roundTripMs(this.#best) / 2
  }

  /** Another server process has another clock. */
  clear(): void {
    this.#recent.length = 0
    this.#best = null
  }
}

function roundTripMs({ sentAtMs, receivedAtMs }: Exchange): number {
  return receivedAtMs - sentAtMs
}
