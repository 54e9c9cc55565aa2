import type { Credentials } from '../rtsp/digest.ts'
import { SourceError } from './source.ts'

/** A camera's address, taken apart; `requestUrl` is what goes over the wire and carries no credentials. */
export interface RtspUrl {
  readonly host: string
  readonly port: number
  readonly credentials: Credentials | null
  readonly requestUrl: string
  /** Path and query, for sentences. */
  readonly path: string
}

/**
 * Lenient about passwords that were not percent-encoded: user information ends at the last `@` before the path.
 * Throws SourceError `protocol`.
 */
export function parseRtspUrl(text: string): RtspUrl {
  const match = /^rtsp:\/\/(?:([^/?#]*)@)?(\[[^\]]+\]|[^:/?#@]+)(?::(\d+))?([/?].*)?$/i.exec(text)
  if (match === null) throw new SourceError('protocol', 'The address of the camera cannot be read.')
  const [, userInfo, host = '', port, path = ''] = match
  const portPart = port === undefined ? '' : `:${port}`
  return {
    host: host.replace(/^\[|\]$/g, ''),
    port: Number(port ?? 554),
    credentials: userInfo === undefined ? null : credentialsOf(userInfo),
    requestUrl: `rtsp://${host}${portPart}${path}`,
    path: path === '' ? '/' : path,
  }
}

function credentialsOf(userInfo: string): Credentials {
  const colon = userInfo.indexOf(':')
  const user = colon < 0 ? userInfo : userInfo.slice(0, colon)
  const password = colon < 0 ? '' : userInfo.slice(colon + 1)
  const credentials = { user: decode(user), password: decode(password) }
  // A line end in a user's name would begin another header of the request.
  if (hasControls(credentials.user))
    throw new SourceError('protocol', 'The user in the address holds characters that no name has.')
  return credentials
}

/** A `%` that escapes nothing is meant as it stands. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (error) {
    if (error instanceof URIError) return text
    throw error
  }
}

function hasControls(text: string): boolean {
  return /\p{Cc}/u.test(text)
}
