import { z } from 'zod'
import { messageOf } from '#std/coded-error.ts'
import { PrepareError } from './prepare-error.ts'

const nodeSchema = z.object({
  name: z.string(),
  op: z.string(),
  input: z.array(z.string()).default([]),
  attr: z
    .object({
      /** 64-bit numbers are text in protobuf's JSON. */
      strides: z.object({ list: z.object({ i: z.array(z.coerce.number()) }) }).optional(),
      /** Bytes as numbers. */
      padding: z.object({ s: z.array(z.int()) }).optional(),
      epsilon: z.object({ f: z.number() }).optional(),
    })
    .default({}),
})

const modelSchema = z.object({
  modelTopology: z.object({ node: z.array(nodeSchema) }),
  weightsManifest: z.array(
    z.object({
      paths: z.array(z.string()),
      /** Strict: a key `quantization` would mean other bytes. */
      weights: z.array(
        z.strictObject({
          name: z.string(),
          shape: z.array(z.int()),
          dtype: z.enum(['float32', 'int32']),
        }),
      ),
    }),
  ),
})

export type TfjsNode = z.infer<typeof nodeSchema>

export interface TfjsWeight {
  readonly shape: readonly number[]
  readonly data: Float32Array
}

/** A TensorFlow.js graph model: nodes and float weights by name. */
export interface TfjsModel {
  readonly nodes: ReadonlyMap<string, TfjsNode>
  readonly weights: ReadonlyMap<string, TfjsWeight>
}

/** Of `model.json` and the weight files beside it. Throws PrepareError `archive_invalid`. */
export function readTfjsModel(files: ReadonlyMap<string, Uint8Array>): TfjsModel {
  const model = parse(files.get('model.json'))
  const weights = new Map<string, TfjsWeight>()
  for (const group of model.weightsManifest) {
    const bytes = Buffer.concat(group.paths.map((path) => files.get(path) ?? new Uint8Array()))
    let at = 0
    for (const { name, shape, dtype } of group.weights) {
      const length = shape.reduce((product, side) => product * side, 1)
      const part = bytes.subarray(at, at + length * 4)
      if (part.length !== length * 4) throw invalid(`the weights end before ${name}`)
      if (dtype === 'float32') weights.set(name, { shape, data: floatsOf(part) })
      at += length * 4
    }
  }
  return { weights, nodes: new Map(model.modelTopology.node.map((node) => [node.name, node])) }
}

function parse(bytes: Uint8Array | undefined): z.infer<typeof modelSchema> {
  const result = modelSchema.safeParse(jsonOf(bytes))
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw invalid(`model.json: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}`)
}

function jsonOf(bytes: Uint8Array | undefined): unknown {
  if (bytes === undefined) throw invalid('there is no model.json')
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch (cause) {
    throw invalid(`model.json: ${messageOf(cause)}`, cause)
  }
}

/** Little endian; the part may begin at any byte. */
function floatsOf(part: Uint8Array): Float32Array {
  const view = new DataView(part.buffer, part.byteOffset, part.byteLength)
  return Float32Array.from({ length: part.length / 4 }, (_, i) => view.getFloat32(i * 4, true))
}

function invalid(sentence: string, cause?: unknown): PrepareError {
  return new PrepareError('archive_invalid', `the TensorFlow.js model: ${sentence}`, { cause })
}
