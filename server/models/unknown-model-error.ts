import { CodedError } from '#std/coded-error.ts'

/** No prepared model has this name. */
export class UnknownModelError extends CodedError<'unknown_model'> {
  override readonly name = 'UnknownModelError'
}
