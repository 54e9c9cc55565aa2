import { z } from 'zod'

// What `/api/models` answers.

/** Another model on its way to take over. `switching`: it serves, and the former one ends what it has. */
export const modelSwapSchema = z.object({
  model: z.string(),
  phase: z.enum(['loading', 'testing', 'switching']),
  /** ISO 8601, UTC. */
  startedAt: z.string(),
})

/** The last change of models that did not come about, until one does; `code` is stable. */
export const modelSwapFailureSchema = z.object({
  model: z.string(),
  code: z.string(),
  message: z.string(),
  /** ISO 8601, UTC. */
  failedAt: z.string(),
})

/** What its card says; classes are counted. */
export const modelFactsSchema = z.object({
  licence: z.string(),
  /** Where weights and paper come from. */
  source: z.string(),
  /** How its raw output is read. */
  family: z.string(),
  input: z.object({
    /** Pixels; one of two equal sides follows the picture where `rectangular`. */
    width: z.int(),
    height: z.int(),
    rectangular: z.boolean(),
    stride: z.int(),
    colourOrder: z.enum(['bgr', 'rgb']),
    fit: z.string(),
  }),
  classes: z.int(),
  /** Of the prepared file. */
  sha256: z.string(),
  bytes: z.int(),
})

export const modelViewSchema = z.object({
  name: z.string(),
  active: z.boolean(),
  /** Its card can be read and its file is there. */
  usable: z.boolean(),
  /** Why not, in one sentence. */
  reason: z.string().nullable(),
  /** Null where the card cannot be read. */
  facts: modelFactsSchema.nullable(),
})
export type ModelView = z.infer<typeof modelViewSchema>

/** `GET /api/models`. */
export const modelsSchema = z.object({
  models: z.array(modelViewSchema),
  /** The one that the configuration chooses at each start (`gpu.model`). */
  atStart: z.string(),
  swap: modelSwapSchema.nullable(),
  lastSwapFailure: modelSwapFailureSchema.nullable(),
})
export type ModelsView = z.infer<typeof modelsSchema>

/** `POST /api/models/:name/activate`. */
export const modelActivationSchema = z.object({
  /** What serves now. */
  active: z.object({ name: z.string(), sha256: z.string(), executionProvider: z.string() }),
  /** False: it served already. */
  changed: z.boolean(),
  /** Not null: it takes longer than the answer waits; `GET /api/models` says how it goes on. */
  swap: modelSwapSchema.nullable(),
  /** The choice is gone with the next start: then it is `atStart` again. */
  persisted: z.literal(false),
  atStart: z.string(),
})
export type ModelActivation = z.infer<typeof modelActivationSchema>
