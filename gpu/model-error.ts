import { CodedError } from '#std/coded-error.ts'

/** Why a model cannot serve. */
export class ModelError extends CodedError<
  'model_missing' | 'model_altered' | 'card_invalid' | 'provider_unavailable' | 'model_invalid'
> {
  override readonly name = 'ModelError'
}
