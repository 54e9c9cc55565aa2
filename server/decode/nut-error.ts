import { CodedError } from '#std/coded-error.ts'

/** `nut_malformed`: not NUT as FFmpeg writes it; `nut_unexpected`: well-formed, but not the pictures asked for. */
export class NutError extends CodedError<'nut_malformed' | 'nut_unexpected'> {
  override readonly name = 'NutError'
}
