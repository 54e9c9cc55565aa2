import { CodedError } from '#std/coded-error.ts'

export type SwapErrorCode =
  /** One model at a time. */
  'swap_in_progress' | 'detector_closed'

/** Why a model was not even tried; one that was tried and refused has its InferenceError. */
export class SwapError extends CodedError<SwapErrorCode> {
  override readonly name = 'SwapError'
}
