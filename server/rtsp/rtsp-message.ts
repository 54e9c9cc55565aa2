/** A response or a request as it stood on the wire (RFC 2326 sections 6 and 7). Header names in lower case. */
export interface RtspMessage {
  /** `RTSP/1.0 200 OK` or `OPTIONS rtsp://... RTSP/1.0`. */
  readonly startLine: string
  readonly headers: ReadonlyMap<string, readonly string[]>
  readonly body: string
}

/** Status of a response; null for a request or a line that is neither. */
export function statusOf(message: RtspMessage): number | null {
  const match = /^RTSP\/\d\.\d\s+(\d{3})\b/.exec(message.startLine)
  return match === null ? null : Number(match[1])
}

export function headerOf(message: RtspMessage, name: string): string | null {
  return message.headers.get(name)?.[0] ?? null
}

/** Start line and headers; lenient about bare line feeds, folded lines and spaces. */
export function parseHead(text: string): Omit<RtspMessage, 'body'> {
  const lines = text.split(/\r?\n/)
  const headers = new Map<string, string[]>()
  let last: string[] | null = null
  for (const line of lines.slice(1)) {
    if (/^[ \t]/.test(line) && last !== null) {
      last.push(`${last.pop() ?? ''} ${line.trim()}`)
      continue
    }
    const colon = line.indexOf(':')
    if (colon <= 0) continue
    const name = line.slice(0, colon).trim().toLowerCase()
    last = headers.get(name) ?? []
    last.push(line.slice(colon + 1).trim())
    headers.set(name, last)
  }
  return { startLine: (lines[0] ?? '').trim(), headers }
}

/** The length that a head announces; NaN when it is not a number. */
export function contentLengthOf(head: Omit<RtspMessage, 'body'>): number {
  const text = head.headers.get('content-length')?.[0]
  if (text === undefined) return 0
  return /^\d+$/.test(text) ? Number(text) : Number.NaN
}
