import { CodedError } from '#std/coded-error.ts'

/** What a person who runs a stage can put right; exit code 2. */
export class StageError extends CodedError<
  | 'usage'
  /** A file or folder that was given is not what the stage takes; the sentence says where. */
  | 'input_invalid'
  | 'input_missing'
  | 'licence_not_accepted'
  /** The other side, the disk or an environment: the same command can succeed later. */
  | 'download_failed'
  | 'download_changed'
  | 'disk_full'
  | 'folder_unwritable'
  | 'environment_missing'
  | 'not_yet'
> {
  override readonly name = 'StageError'
}
