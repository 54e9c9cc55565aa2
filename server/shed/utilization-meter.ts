export interface SessionBusyness {
  /** Since the session serves. */
  readonly busyMs: number
}

/** Share of the time between two looks in which the sessions ran. */
export class UtilizationMeter {
  #sessions: readonly SessionBusyness[]
  #lookedAtMs: number

  constructor(sessions: readonly SessionBusyness[], nowMs: number) {
    this.#sessions = sessions
    this.#lookedAtMs = nowMs
  }

  /** 0..1 since the last call; after a change of the model since the new one serves, so never too much. */
  since(sessions: readonly SessionBusyness[], nowMs: number): number {
    const before = this.#sessions
    const elapsedMs = (nowMs - this.#lookedAtMs) * sessions.length
    this.#sessions = sessions
    this.#lookedAtMs = nowMs
    if (elapsedMs <= 0) return 0
    let busyMs = 0
    for (const [index, session] of sessions.entries()) {
      const beforeMs = before[index]?.busyMs ?? 0
      busyMs += session.busyMs >= beforeMs ? session.busyMs - beforeMs : session.busyMs
    }
    return Math.min(1, busyMs / elapsedMs)
  }
}
