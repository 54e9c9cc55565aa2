import type { Handler } from 'hono'
import { problemOf, problemResponse } from './problem.ts'

/** What a path answers to every method it has no handler for; `allow` as in RFC 9110 section 10.2.1. */
export function methodNotAllowed(allow: string, why?: string): Handler {
  return (c) =>
    problemResponse(
      problemOf('method_not_allowed', why ?? `${c.req.method} is not possible here; use ${allow}`),
      { allow },
    )
}
