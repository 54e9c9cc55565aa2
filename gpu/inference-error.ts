import { CodedError } from '#std/coded-error.ts'
import type { ModelError } from './model-error.ts'

export type InferenceErrorCode =
  | ModelError['code']
  /** The model runs but does not find what its card promises. */
  | 'self_test_failed'
  | 'start_failed'
  | 'start_timeout'
  /** An exception, an exit, or no answer: the worker is given up, its frames with it. */
  | 'inference_lost'

/** Why nothing can be detected; codes of the worker's own failures keep their meaning across the thread boundary. */
export class InferenceError extends CodedError<InferenceErrorCode> {
  override readonly name = 'InferenceError'
}
