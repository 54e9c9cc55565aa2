import { randomBytes } from 'node:crypto'
import {
  type Credentials,
  digestResponse,
  equalInConstantTime,
  parseParameters,
} from '../rtsp/digest.ts'
import type { RtspRequest } from '../rtsp/rtsp-message.ts'

const realm = 'Sightline'

export interface Gate extends Credentials {
  readonly scheme: 'basic' | 'digest'
}

/** Asks each request for the one pair of credentials; without a gate it lets everyone in. */
export class Gatekeeper {
  readonly #gate: Gate | null
  readonly #nonce = randomBytes(16).toString('hex')

  constructor(gate: Gate | null) {
    this.#gate = gate
  }

  get challenge(): string {
    return this.#gate?.scheme === 'basic'
      ? `Basic realm="${realm}"`
      : `Digest realm="${realm}", nonce="${this.#nonce}"`
  }

  lets(request: RtspRequest): boolean {
    if (this.#gate === null) return true
    const answer = request.headers.get('Authorization') ?? ''
    return this.#gate.scheme === 'basic'
      ? equalInConstantTime(answer, basicAnswer(this.#gate))
      : this.#knows(this.#gate, answer, request.method)
  }

  #knows(gate: Gate, answer: string, method: string): boolean {
    const given = parseParameters(answer.replace(/^Digest\s+/i, ''))
    const wanted = digestResponse({
      credentials: gate,
      realm,
      nonce: this.#nonce,
      method,
      uri: given.get('uri') ?? '',
      algorithm: null,
      counted: null,
    })
    const isKnown = given.get('username') === gate.user && given.get('nonce') === this.#nonce
    return isKnown && equalInConstantTime(given.get('response') ?? '', wanted)
  }
}

function basicAnswer(gate: Gate): string {
  return `Basic ${Buffer.from(`${gate.user}:${gate.password}`).toString('base64')}`
}
