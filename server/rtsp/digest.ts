import { createHash } from 'node:crypto'

/** One way to prove who we are, out of WWW-Authenticate headers. */
export type Challenge =
  | { readonly scheme: 'basic' }
  | {
      readonly scheme: 'digest'
      readonly realm: string
      readonly nonce: string
      readonly opaque: string | null
      readonly algorithm: 'MD5' | 'SHA-256'
      /** RFC 7616 section 3.4: `auth` is answered where it is offered, plain RFC 2069 else. */
      readonly qop: 'auth' | null
      /** How it was spelt, and whether at all: some cameras compare the text. */
      readonly algorithmText: string | null
      /** The nonce ran out; the credentials were right (RFC 7616 section 3.3). */
      readonly isStale: boolean
    }

/** The first of the headers that can be answered; null when none can. Quotes may be missing. */
export function chooseChallenge(headers: readonly string[]): Challenge | null {
  for (const header of headers) {
    const [, scheme = '', rest = ''] = /^\s*(\w+)\s*(.*)$/s.exec(header) ?? []
    if (scheme.toLowerCase() === 'basic') return { scheme: 'basic' }
    const digest = scheme.toLowerCase() === 'digest' ? digestOf(rest) : null
    if (digest !== null) return digest
  }
  return null
}

function digestOf(text: string): Challenge | null {
  const fields = fieldsOf(text)
  const nonce = fields.get('nonce')
  const algorithmText = fields.get('algorithm') ?? null
  const algorithm = (algorithmText ?? 'MD5').toUpperCase()
  if (nonce === undefined || (algorithm !== 'MD5' && algorithm !== 'SHA-256')) return null
  const offered = (fields.get('qop') ?? '').split(',').map((word) => word.trim().toLowerCase())
  return {
    scheme: 'digest',
    realm: fields.get('realm') ?? '',
    nonce,
    opaque: fields.get('opaque') ?? null,
    algorithm,
    qop: offered.includes('auth') ? 'auth' : null,
    algorithmText,
    isStale: fields.get('stale')?.toLowerCase() === 'true',
  }
}

/** `name="value"` or `name=value`, names in lower case. */
function fieldsOf(text: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>()
  for (const match of text.matchAll(/([\w-]+)\s*=\s*(?:"([^"]*)"|([^\s,]+))/g))
    fields.set((match[1] ?? '').toLowerCase(), match[2] ?? match[3] ?? '')
  return fields
}

export interface Credentials {
  readonly user: string
  readonly password: string
}

/** The value of an Authorization header (RFC 7617; RFC 7616 section 3.4). `nonceCount` counts uses of the nonce from 1. */
export function authorizationOf(
  challenge: Challenge,
  credentials: Credentials,
  request: {
    readonly method: string
    readonly uri: string
    readonly nonceCount: number
    readonly clientNonce: string
  },
): string {
  const { user, password } = credentials
  if (challenge.scheme === 'basic')
    return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
  const hash = (text: string): string =>
    createHash(challenge.algorithm === 'MD5' ? 'md5' : 'sha256')
      .update(text)
      .digest('hex')
  const secret = hash(`${user}:${challenge.realm}:${password}`)
  const what = hash(`${request.method}:${request.uri}`)
  const count = request.nonceCount.toString(16).padStart(8, '0')
  const response =
    challenge.qop === null
      ? hash(`${secret}:${challenge.nonce}:${what}`)
      : hash(`${secret}:${challenge.nonce}:${count}:${request.clientNonce}:auth:${what}`)
  const parts = [
    `username="${quotable(user)}"`,
    `realm="${quotable(challenge.realm)}"`,
    `nonce="${challenge.nonce}"`,
    `uri="${request.uri}"`,
    `response="${response}"`,
  ]
  if (challenge.algorithmText !== null) parts.push(`algorithm=${challenge.algorithmText}`)
  if (challenge.qop !== null)
    parts.push('qop=auth', `nc=${count}`, `cnonce="${request.clientNonce}"`)
  if (challenge.opaque !== null) parts.push(`opaque="${challenge.opaque}"`)
  return `Digest ${parts.join(', ')}`
}

/** The inside of a quoted-string (RFC 7230 section 3.2.6). */
function quotable(text: string): string {
  return text.replaceAll(/["\\]/g, String.raw`\$&`)
}
