import type { z } from 'zod'

export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly path: string; readonly message: string }

/** JSON text of unknown origin -> a typed value, or the first thing that is wrong with it and where. */
export function parseJson<T>(schema: z.ZodType<T>, text: string): Parsed<T> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { ok: false, path: '', message: 'not JSON' }
  }
  return parseValue(schema, value)
}

export function parseValue<T>(schema: z.ZodType<T>, value: unknown): Parsed<T> {
  const result = schema.safeParse(value)
  if (result.success) return { ok: true, value: result.data }
  const issue = result.error.issues[0]
  return { ok: false, path: issue?.path.join('.') ?? '', message: issue?.message ?? 'invalid' }
}
