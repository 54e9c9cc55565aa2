import { z } from 'zod'

/** What the builder's process is told: one line of JSON on its stdin, which stays open as long as someone waits. */
export const buildOrderSchema = z.strictObject({
  modelPath: z.string(),
  cardPath: z.string(),
  enginesDir: z.string(),
  devices: z.array(z.int()).min(1).readonly(),
  batchMax: z.int().min(1),
  /** PATH. */
  searchPath: z.string(),
  /** A folder of its own in `enginesDir`, removed by who gives the order. */
  partDir: z.string(),
})
export type BuildOrder = z.infer<typeof buildOrderSchema>

/** What it says: lines of JSON on its stdout. The last one is `done` or `failed`. */
export const buildLineSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('progress'), share: z.number().min(0).max(1) }),
  z.strictObject({
    kind: z.literal('done'),
    engine: z.strictObject({
      folder: z.string(),
      modelPath: z.string(),
      cardPath: z.string(),
      isReused: z.boolean(),
    }),
  }),
  z.strictObject({
    kind: z.literal('failed'),
    code: z.enum(['engine_unavailable', 'engine_build_failed']),
    message: z.string(),
  }),
])
export type BuildLine = z.infer<typeof buildLineSchema>
