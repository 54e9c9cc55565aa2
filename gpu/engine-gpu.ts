import { EngineError } from './engine-error.ts'

export interface Gpu {
  readonly name: string
  /** `8.6` */
  readonly computeCapability: string
}

/** What the driver's own tool is asked for. */
export const gpuQuery: readonly string[] = [
  '--query-gpu=name,compute_cap',
  '--format=csv,noheader,nounits',
]

/**
 * The one kind of GPU that an engine is built for, from `nvidia-smi`'s answer. Throws EngineError `engine_unavailable`:
 * CUDA numbers GPUs by speed, nvidia-smi by slot, so that with GPUs of several kinds neither knows which is meant.
 */
export function gpuOf(answer: string, devices: readonly number[]): Gpu {
  const gpus = answer
    .split('\n')
    .map((line) => /^(.+), (\d+\.\d+)\s*$/.exec(line))
    .flatMap((match) =>
      match?.[1] === undefined || match[2] === undefined
        ? []
        : [{ name: match[1].trim(), computeCapability: match[2] }],
    )
  const [first] = gpus
  if (first === undefined) throw unavailable('the driver names no GPU')
  const absent = devices.find((device) => device >= gpus.length)
  if (absent !== undefined)
    throw unavailable(`there is no GPU ${absent}: this machine has ${gpus.length}`)
  if (gpus.every(({ name }) => name === first.name)) return first
  const names = [...new Set(gpus.map(({ name }) => name))].join(', ')
  throw unavailable(`the GPUs are of several kinds (${names}); an engine is built for one`)
}

function unavailable(sentence: string): EngineError {
  return new EngineError('engine_unavailable', sentence)
}
