import { createHash } from 'node:crypto'
import { z } from 'zod'

const shape = z.array(z.int().min(1)).length(4)

/** All that an engine depends on. One that was built for anything else is not used. */
export const engineKeySchema = z.strictObject({
  /** As the driver names it: engines are tuned for one kind of GPU. */
  gpu: z.string().min(1),
  /** `8.6` */
  computeCapability: z.string().regex(/^\d+\.\d+$/),
  /** `10.9.0`: an engine is read by the version that built it. */
  tensorrt: z.string().regex(/^\d+\.\d+\.\d+$/),
  /** Whose provider reads it. */
  onnxruntime: z.string().min(1),
  precision: z.enum(['fp32', 'fp16', 'int8']),
  /** Of the prepared model. */
  modelSha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** Of `pixels`: [N, h, w, 3]; the engine takes what lies between, and is tuned for `optimal`. */
  shapes: z.strictObject({ smallest: shape, optimal: shape, largest: shape }),
})
export type EngineKey = z.infer<typeof engineKeySchema>

/** Name of its folder: the same for the same facts, whatever their order. */
export function engineKeyId(key: EngineKey): string {
  const { smallest, optimal, largest } = key.shapes
  const facts = [
    key.gpu,
    key.computeCapability,
    key.tensorrt,
    key.onnxruntime,
    key.precision,
    key.modelSha256,
    ...[smallest, optimal, largest].map((each) => each.join('x')),
  ]
  // No fact holds a line break: two keys never give the same text.
  const text = facts.map((fact) => fact.replaceAll(/[\r\n]/g, ' ')).join('\n')
  return createHash('sha256').update(text).digest('hex').slice(0, idLength)
}

const idLength = 20
