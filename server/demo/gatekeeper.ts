import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { authorizationOf, type Challenge, type Credentials } from '../rtsp/digest.ts'
import type { RtspRequest } from '../rtsp/rtsp-message.ts'

const realm = 'Sightline'

export interface Gate extends Credentials {
  readonly scheme: 'basic' | 'digest'
}

/** Asks each request for the one pair of credentials; without a gate it lets everyone in. */
export class Gatekeeper {
  readonly #gate: Gate | null
  readonly #challenge: Challenge
  readonly #nonce = randomBytes(16).toString('hex')

  constructor(gate: Gate | null) {
    this.#gate = gate
    this.#challenge =
      gate?.scheme === 'basic'
        ? { scheme: 'basic' }
        : {
            scheme: 'digest',
            realm,
            nonce: this.#nonce,
            opaque: null,
            algorithm: 'MD5',
            qop: null,
            algorithmText: null,
            isStale: false,
          }
  }

  /** The `WWW-Authenticate` header. */
  get challenge(): string {
    return this.#challenge.scheme === 'basic'
      ? `Basic realm="${realm}"`
      : `Digest realm="${realm}", nonce="${this.#nonce}"`
  }

  lets(request: RtspRequest): boolean {
    if (this.#gate === null) return true
    const authorization = request.header('authorization') ?? ''
    // A digest covers the URI that the client names; what it asks for is looked up apart.
    const uri = /\buri="([^"]*)"/.exec(authorization)?.[1] ?? ''
    const wanted = authorizationOf(this.#challenge, this.#gate, {
      method: request.method,
      uri,
      nonceCount: 1,
      clientNonce: '',
    })
    return proofsIn(wanted).every((proof, i) => isEqual(proof, proofsIn(authorization)[i] ?? ''))
  }
}

/** What of an Authorization header must agree; clients order and spell the rest differently. */
function proofsIn(authorization: string): string[] {
  if (/^basic /i.test(authorization)) return [authorization.slice('basic '.length).trim()]
  return ['username', 'nonce', 'response'].map(
    (name) => new RegExp(`\\b${name}="([^"]*)"`).exec(authorization)?.[1] ?? '',
  )
}

/** Takes the same time wherever the two differ. */
function isEqual(one: string, other: string): boolean {
  const hash = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(hash(one), hash(other))
}
