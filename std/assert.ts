/** Throws when an invariant of this program does not hold: a bug, never bad input. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionError(message)
}

/** Marks a branch that the type checker knows is impossible. */
export function unreachable(value: never): never {
  throw new AssertionError(`unreachable: ${JSON.stringify(value)}`)
}

class AssertionError extends Error {
  override readonly name = 'AssertionError'
}
