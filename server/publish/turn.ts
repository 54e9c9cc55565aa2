/**
 * Gathers who was written to in one turn of the event loop, so that all of a client's messages of that turn leave in
 * one write. Its end is a microtask: before timers, sockets and any microtask queued after the first `add`.
 */
export class Turn {
  #members: TurnMember[] = []

  add(member: TurnMember): void {
    if (this.#members.length === 0) queueMicrotask(() => this.end())
    this.#members.push(member)
  }

  /** Ends it now; the microtask then finds nothing. */
  end(): void {
    const members = this.#members
    this.#members = []
    for (const member of members) member.endTurn()
  }
}

export interface TurnMember {
  endTurn(): void
}
