import { CodedError } from '#std/coded-error.ts'

/** Why a model could not be prepared. */
export class PrepareError extends CodedError<
  | 'usage'
  | 'card_invalid'
  | 'model_unavailable'
  | 'model_unknown'
  | 'wheel_invalid'
  | 'folder_unwritable'
> {
  override readonly name = 'PrepareError'
}
