import { CodedError } from '#std/coded-error.ts'

/** Why a model could not be prepared. */
export class PrepareError extends CodedError<
  | 'usage'
  | 'card_invalid'
  | 'model_unavailable'
  | 'model_unknown'
  | 'wheel_invalid'
  | 'archive_invalid'
  | 'folder_unwritable'
  /** Which head turns the outputs into boxes cannot be told from the file. */
  | 'head_doubtful'
  /** What the classes are called cannot be told from the file, or the names are not as many as the classes. */
  | 'classes_doubtful'
  /** How large pictures it wants cannot be told from the file. */
  | 'size_doubtful'
  /** It runs, and what it finds on the photo of the self-test cannot be right. */
  | 'model_implausible'
> {
  override readonly name = 'PrepareError'
}
