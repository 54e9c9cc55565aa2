import { z } from 'zod'
import { classMapNames } from './kitti-classes.ts'

const name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]*$/, 'must be lower-case letters, digits and dashes')

const kittiSource = z.strictObject({
  kind: z.literal('kitti'),
  name,
  /** Archives, or an unpacked benchmark; relative to the data folder. */
  in: z.string().min(1),
  classes: z.enum(classMapNames).default('kitti8'),
  split: z.enum(['drive', 'random', 'none']).default('drive'),
  valShare: z.number().min(0).max(1).default(0.25),
  seed: z.int().min(0).default(0),
})

const foreignSource = z.strictObject({
  kind: z.enum(['yolo', 'coco', 'voc']),
  name,
  /** Relative to the data folder. */
  in: z.string().min(1),
  licence: z.string().min(1),
  /** A class of the source -> one of ours, or `ignore`, or `drop`; a class of the same name needs no line. */
  map: z.record(z.string(), z.string()).default({}),
})

/** `config/datasets.yaml`: what one dataset is made of. */
export const datasetsConfigSchema = z.strictObject({
  name,
  /** Of the whole; those of the only source where absent. */
  classes: z.array(z.string().min(1)).min(1).optional(),
  sources: z
    .array(z.discriminatedUnion('kind', [kittiSource, foreignSource]))
    .min(1)
    .max(100),
})
export type DatasetsConfig = z.infer<typeof datasetsConfigSchema>
export type DatasetSource = DatasetsConfig['sources'][number]
