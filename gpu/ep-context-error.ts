import { CodedError } from '#std/coded-error.ts'

/** Why a file is not taken as a prebuilt engine. */
export class EpContextError extends CodedError<
  | 'not_onnx'
  /** An ONNX file, but not one EPContext node with everything that belongs to it. */
  | 'not_ep_context'
  /** The context of another execution provider. */
  | 'other_provider'
  /** A path that leads, or could lead, out of the file's folder. */
  | 'unsafe_path'
  | 'too_large'
> {
  override readonly name = 'EpContextError'
}
