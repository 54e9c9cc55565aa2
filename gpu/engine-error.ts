import { CodedError } from '#std/coded-error.ts'

/** Why there is no engine; what serves goes on serving in each case. */
export class EngineError extends CodedError<
  /** Nothing to build one with or for: no GPU, no builder, another TensorRT. */
  | 'engine_unavailable'
  /** The builder said so, ended early, or left something that is no engine. */
  | 'engine_build_failed'
  | 'engine_build_timeout'
  /** Asked to stop: the server ends, or another model is to serve. */
  | 'engine_build_stopped'
> {
  override readonly name = 'EngineError'
}
