import type { ProviderLibraries } from './execution-provider.ts'

/** On what to open the plain model, and whether to have an engine. */
export interface EnginePlan {
  /** For the plain model, in this order. */
  readonly providers: readonly string[]
  /**
   * `beside`: what `providers` give serves until it is there. `before`: nothing else may serve; it is waited for.
   * `never`: `reason` says why.
   */
  readonly engine: 'beside' | 'before' | 'never'
  readonly reason: string | null
}

/**
 * TensorRT serves prebuilt engines only: given a plain model it would build one at each start, for minutes and in FP32,
 * before the first frame. Where its library is missing the list is tried as it is, so that the refusal names all of it.
 */
export function enginePlan(
  configured: readonly string[],
  libraries: Pick<ProviderLibraries, 'missing'>,
): EnginePlan {
  if (!configured.includes('tensorrt')) {
    const reason = 'tensorrt is not in gpu.executionProviders'
    return { providers: configured, engine: 'never', reason }
  }
  const missing = libraries.missing('tensorrt')
  if (missing !== null)
    return { providers: configured, engine: 'never', reason: `tensorrt: ${missing}` }
  const providers = configured.filter((provider) => provider !== 'tensorrt')
  return providers.length > 0
    ? { providers, engine: 'beside', reason: null }
    : { providers: configured, engine: 'before', reason: null }
}
