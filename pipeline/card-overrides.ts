import { z } from 'zod'
import { headSchema } from '#gpu/heads/head-schema.ts'
import { catalogueCardSchema, inputSchema } from '#gpu/model-card.ts'

const { licence, source, classes, thresholds } = catalogueCardSchema.shape

/** What a person knows better than the file: any part of a card that is his to say. Unknown keys are errors. */
export const cardOverridesSchema = z.strictObject({
  licence: licence.optional(),
  source: source.optional(),
  input: inputSchema.partial().optional(),
  head: headSchema.optional(),
  classes: classes.optional(),
  thresholds: thresholds.partial().optional(),
})
export type CardOverrides = z.infer<typeof cardOverridesSchema>
