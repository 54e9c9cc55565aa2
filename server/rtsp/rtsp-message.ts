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

/** A request line taken apart, for the server's side. */
export interface RtspRequest {
  readonly method: string
  readonly uri: string
  /** By its name in lower case; null without it. */
  header(name: string): string | null
}

/** Null for a response or a line that is no request. */
export function requestOf(message: RtspMessage): RtspRequest | null {
  const match = /^([A-Z_]+) (\S+) RTSP\/\d\.\d$/.exec(message.startLine)
  if (match === null) return null
  const [, method = '', uri = ''] = match
  return { method, uri, header: (name) => headerOf(message, name) }
}

export function formatResponse(response: {
  readonly status: number
  readonly reason: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}): string {
  const lines = [`RTSP/1.0 ${response.status} ${response.reason}`]
  for (const [name, value] of Object.entries(response.headers)) lines.push(`${name}: ${value}`)
  if (response.body !== '') lines.push(`Content-Length: ${Buffer.byteLength(response.body)}`)
  return `${lines.join('\r\n')}\r\n\r\n${response.body}`
}
