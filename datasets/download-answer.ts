import type { PartNote } from './part-note.ts'

/** What a server's answer to a request for the rest of a file means. */
export type Answer =
  | {
      readonly kind: 'bytes'
      /** Where in the file the body begins. */
      readonly from: number
      /** Bytes of the whole file; null where the server does not say. */
      readonly total: number | null
      readonly validator: string | null
      /** Why a part that was there is thrown away; null: it goes on, or there was none. */
      readonly restartedBecause: string | null
    }
  | {
      readonly kind: 'refused'
      readonly why: string
      /** The part does not fit the server's file: begin again. */
      readonly mustRestart: boolean
    }

/** Headers for the rest of a file from byte `start`; `identity`, for ranges count the bytes that are sent. */
export function requestHeaders(start: number, note: PartNote | null): Record<string, string> {
  const range =
    start > 0 && note?.validator
      ? { range: `bytes=${start}-`, 'if-range': note.validator }
      : undefined
  return { 'accept-encoding': 'identity', ...range }
}

/** Pure: RFC 9110, sections 13.1.5 (If-Range), 14.4 (Content-Range), 15.5.17 (416). */
export function answerOf(
  response: Pick<Response, 'status' | 'headers'>,
  asked: { readonly start: number; readonly note: PartNote | null },
): Answer {
  const { status, headers } = response
  const validator = validatorOf(headers)
  if (status === 200) {
    const total = wholeNumber(headers.get('content-length'))
    const hasChanged = validator !== null && validator !== asked.note?.validator
    const why = hasChanged ? 'the file on the server has changed' : 'the server ignores Range'
    const restartedBecause = asked.start > 0 ? why : null
    return { kind: 'bytes', from: 0, total, validator, restartedBecause }
  }
  if (status === 206) return partialAnswer(headers, asked)
  if (status === 416)
    return { kind: 'refused', why: 'the server has fewer bytes than are here', mustRestart: true }
  return { kind: 'refused', why: `the server answered ${status}`, mustRestart: false }
}

function partialAnswer(
  headers: Headers,
  { start, note }: { readonly start: number; readonly note: PartNote | null },
): Answer {
  const refused = (why: string): Answer => ({ kind: 'refused', why, mustRestart: true })
  const range = rangeOf(headers)
  if (note === null || range === null) return refused('a part came that was not asked for')
  if (range.from !== start) return refused(`bytes came from ${range.from}, not from ${start}`)
  // A server that forgets to compare If-Range; the headers tell.
  const validator = validatorOf(headers)
  if (validator !== null && validator !== note.validator)
    return refused('the file on the server has changed')
  const total = range.total ?? note.bytes
  if (note.bytes !== null && total !== note.bytes)
    return refused(`the file on the server has ${total} bytes now`)
  return { kind: 'bytes', from: start, total, validator: note.validator, restartedBecause: null }
}

function rangeOf(
  headers: Headers,
): { readonly from: number; readonly total: number | null } | null {
  const match = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers.get('content-range') ?? '')
  if (match === null) return null
  return { from: Number(match[1]), total: wholeNumber(match[2] ?? null) }
}

/** Weak ETags say "as good as", which is not the same bytes (RFC 9110, section 8.8.3). */
function validatorOf(headers: Headers): string | null {
  const etag = headers.get('etag')
  if (etag !== null && !etag.startsWith('W/')) return etag
  return headers.get('last-modified')
}

function wholeNumber(text: string | null): number | null {
  return text !== null && /^\d+$/.test(text) ? Number(text) : null
}
