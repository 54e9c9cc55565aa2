import { z } from 'zod'

/** More sessions than this on one device only wait for each other. */
const sessionsMax = 32

/** How the model is run: `gpu:` in the YAML. */
export const gpuConfigSchema = z.strictObject({
  /** Name of a prepared model in `<data>/models`. */
  model: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]*$/, 'must be lower-case letters, digits and dashes')
    .default('yolox-nano'),
  /** Tried in this order; without `cpu` in the list the server refuses to start where none loads. */
  executionProviders: z
    .array(z.enum(['tensorrt', 'cuda', 'cpu']))
    .min(1)
    .default(['tensorrt', 'cuda', 'cpu']),
  /** Ordinals of the GPUs to use; the CPU provider has none. */
  devices: z.array(z.int().min(0).max(63)).min(1).max(16).default([0]),
  /** Sessions a device; `auto`: one a GPU, on the CPU one for each core that decoding leaves, measured at start. */
  sessions: z.union([z.literal('auto'), z.int().min(1).max(sessionsMax)]).default('auto'),
  /** Pictures a batch; `auto`: 1 on the CPU, where batches gain nothing, 32 on a GPU. */
  batchMax: z.union([z.literal('auto'), z.int().min(1).max(64)]).default('auto'),
  /** `fresh` never lets the device idle while a frame waits; `efficient` fills batches up to the deadline. */
  mode: z.enum(['fresh', 'efficient']).default('fresh'),
  /** What a session lives in: a native crash of a `process` ends the session alone, at the price of copying pixels. */
  isolation: z.enum(['thread', 'process']).default('thread'),
})
