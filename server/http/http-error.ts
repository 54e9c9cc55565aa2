import { CodedError } from '#std/coded-error.ts'

export type HttpServerCode =
  'port_in_use' | 'port_not_permitted' | 'address_not_available' | 'listen_failed'

/** Why the server cannot listen; `message` is one sentence for the person who started it. */
export class HttpServerError extends CodedError<HttpServerCode> {
  override readonly name = 'HttpServerError'
}

/** A listen error of node:net -> ours. */
export function listenError(
  error: Error,
  at: { readonly host: string; readonly port: number },
): HttpServerError {
  const address = `${at.host}:${at.port}`
  const code = 'code' in error ? error.code : null
  switch (code) {
    case 'EADDRINUSE':
      return new HttpServerError(
        'port_in_use',
        `${address} is in use by another program; end that one, or set SIGHTLINE_PORT to a free port`,
        { cause: error },
      )
    case 'EACCES':
      return new HttpServerError(
        'port_not_permitted',
        `this user may not listen on ${address}; set SIGHTLINE_PORT to a port above 1023`,
        { cause: error },
      )
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new HttpServerError(
        'address_not_available',
        `${at.host} is not an address of this machine; set SIGHTLINE_HOST to one that is`,
        { cause: error },
      )
    default:
      return new HttpServerError('listen_failed', `cannot listen on ${address}: ${error.message}`, {
        cause: error,
      })
  }
}
