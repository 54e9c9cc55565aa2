import { z } from 'zod'
import { headSchema } from './heads/head-schema.ts'

const share = z.number().min(0).max(1)
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be a sha256 in lower-case hex')
const threeNumbers = z.tuple([z.number(), z.number(), z.number()])

/** Pictures come with halved chroma. */
const fixedSide = z.int().min(32).max(4096).multipleOf(2)

/** What a model file wants to be fed, in the words of its trainer. */
export const inputSchema = z.strictObject({
  /** Pixels. `longSide`: rectangular, the other side follows the picture's aspect; else what the file is fixed to. */
  size: z.union([
    z.strictObject({ longSide: z.int().min(32).max(4096) }),
    z.strictObject({ width: fixedSide, height: fixedSide }),
  ]),
  /** Both sides of what the network sees are multiples of it, in pixels. */
  stride: z.int().min(1).max(128),
  /** Of the raw file's image input; the prepared one takes NHWC bytes. */
  layout: z.enum(['nchw', 'nhwc']),
  colourOrder: z.enum(['bgr', 'rgb']),
  /** value = (byte * scale - mean) / std, by channel in `colourOrder`. */
  scale: z.number().positive(),
  mean: threeNumbers,
  std: z.tuple([z.number().positive(), z.number().positive(), z.number().positive()]),
  /** Where the picture lies in what the network sees; `stretch` ignores the picture's aspect. */
  fit: z.enum(['letterbox-topleft', 'letterbox-centre', 'stretch']),
  /** Byte that fills the rest, before scale and mean. */
  padValue: z.int().min(0).max(255),
})

const sourceSchema = z.discriminatedUnion('kind', [
  /** A file that a person, or an earlier preparation, put into the data folder under any name. */
  z.strictObject({
    kind: z.literal('path'),
    files: z.array(z.strictObject({ bytes: z.int(), sha256, note: z.string() })).min(1),
  }),
  z.strictObject({ kind: z.literal('release'), url: z.url(), bytes: z.int(), sha256 }),
  z.strictObject({
    kind: z.literal('wheel'),
    package: z.string(),
    version: z.string(),
    wheelSha256: sha256,
    member: z.string(),
    bytes: z.int(),
    sha256,
  }),
  /** Weights that an npm package holds in another form; bytes and sha256 are of the ONNX file that is made of them. */
  z.strictObject({
    kind: z.literal('npm'),
    package: z.string(),
    version: z.string(),
    archiveSha256: sha256,
    /** Folder of the TensorFlow.js graph model in the archive. */
    folder: z.string(),
    /** How it becomes ONNX. */
    conversion: z.enum(['tfjs-ssdlite']),
    bytes: z.int(),
    sha256,
  }),
])

const expectedBoxSchema = z.strictObject({
  class: z.string(),
  score: share,
  left: share,
  top: share,
  width: share,
  height: share,
})

const selfTestSchema = z
  .strictObject({
    photo: z.strictObject({
      package: z.string(),
      version: z.string(),
      member: z.string(),
      licence: z.string(),
      sha256,
    }),
    /** FFmpeg filters that make the test picture of the photo, and its size then. */
    picture: z.strictObject({
      filter: z.string().min(1),
      width: z.int().min(1),
      height: z.int().min(1),
    }),
    /**
     * Where the boxes come from. `published`: these weights are known to find them. `recorded`: found when a user's own
     * file was prepared, and judged plausible; what could not be known stands in `prepared.notes`.
     */
    basis: z.enum(['published', 'recorded']).default('published'),
    /** Every box that the model finds on the picture, and no other. */
    boxes: z.array(expectedBoxSchema),
    /** Largest difference of a score. */
    scoreTolerance: share,
    /** Largest difference of an edge, as a share of the picture's side. */
    edgeTolerance: share,
  })
  .refine(({ basis, boxes }) => basis === 'recorded' || boxes.length > 0, {
    path: ['boxes'],
    message: 'must name at least one box that these weights find',
  })

const card = {
  name: z.string().regex(/^[a-z0-9][a-z0-9-]*$/, 'must be lower-case letters, digits and dashes'),
  /** Name of the prepared file, beside the prepared card. */
  file: z.string().regex(/^[^/\\]+\.onnx$/, 'must be the bare name of an .onnx file'),
  licence: z.string().min(1),
  /** Where weights and paper come from, for people. */
  source: z.string().min(1),
  input: inputSchema,
  head: headSchema,
  classes: z.array(z.string().min(1)).min(1),
  thresholds: z.strictObject({
    score: share,
    /** Boxes of one class that overlap more than this are one object; 1: the network sees to that itself. */
    iou: share,
    detectionsMax: z.int().min(1).max(10_000),
  }),
  /** Raw weight files, tried in this order. */
  sources: z.array(sourceSchema).min(1),
  selfTest: selfTestSchema,
}

/** A card as the repository holds it (`config/models/*.json`): what a model is and where it comes from. */
export const catalogueCardSchema = z.strictObject(card)
export type CatalogueCard = z.infer<typeof catalogueCardSchema>

/** The card beside a prepared file: the catalogue's, and which file exactly was made from what. */
export const modelCardSchema = z.strictObject({
  ...card,
  prepared: z.strictObject({
    sha256,
    bytes: z.int(),
    /** The source that had the raw file. */
    from: z.enum(['path', 'release', 'wheel', 'npm']),
    /** Of the raw file. */
    rawSha256: sha256,
    /** Version of the preparation that made it; another one makes it anew. */
    preparation: z.int(),
    /** Pictures a run; null: any number. */
    batchMax: z.int().min(1).nullable().default(null),
    /** For people: what the preparation could not do, or could not know. */
    notes: z.array(z.string()).default([]),
    /** The file beside this card is the engine that was built from the prepared one; `sha256` still names that one. */
    engine: z.strictObject({ sha256, bytes: z.int() }).optional(),
  }),
})
export type ModelCard = z.infer<typeof modelCardSchema>

export type ModelInput = z.infer<typeof inputSchema>
export type ModelSource = z.infer<typeof sourceSchema>
export type ExpectedBox = z.infer<typeof expectedBoxSchema>
