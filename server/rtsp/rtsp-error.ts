import { CodedError } from '#std/coded-error.ts'

export type RtspCode = 'malformed' | 'too_large' | 'timeout' | 'closed' | 'connect'

/** What went wrong on the connection itself, below any answer of the camera. */
export class RtspError extends CodedError<RtspCode> {
  override readonly name = 'RtspError'
}
