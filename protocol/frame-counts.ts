import { z } from 'zod'

/** Access units by what became of them; received = the sum of the others, at any instant. */
export const frameCountsSchema = z.object({
  received: z.int(),
  detected: z.int(),
  superseded: z.int(),
  late: z.int(),
  paced: z.int(),
  damaged: z.int(),
  failed: z.int(),
  inFlight: z.int(),
})
export type FrameCounts = z.infer<typeof frameCountsSchema>
