import onnxProto, { type onnx as Onnx } from 'onnx-proto'
import { PrepareError } from './prepare-error.ts'

const { onnx } = onnxProto

/** What a detector is fed. */
export interface GraphInputs {
  /** Four axes: the pictures. */
  readonly image: Onnx.IValueInfoProto
  /** int64 [N, 2]: width and height that boxes are wanted in (DETRs with their post-processing inside). */
  readonly sizes: Onnx.IValueInfoProto | null
}

/** Throws PrepareError `model_unknown` where there is no image, or an input that nobody knows how to feed. */
export function graphInputs(graph: Onnx.IGraphProto): GraphInputs {
  // Files of IR version 3 list the weights as inputs, too.
  const weights = new Set((graph.initializer ?? []).map((tensor) => tensor.name))
  const inputs = (graph.input ?? []).filter((input) => !weights.has(input.name))
  const images = inputs.filter((input) => rankOf(input) === 4)
  const sizes = inputs.find(isSizes) ?? null
  const [image] = images
  const unknown = inputs.find((input) => input !== image && input !== sizes)
  if (image === undefined || images.length !== 1)
    throw new PrepareError('model_unknown', `expected one image input, found ${images.length}`)
  if (unknown !== undefined)
    throw new PrepareError(
      'model_unknown',
      `its input “${unknown.name}” is not known: only an image and orig_target_sizes can be fed`,
    )
  return { image, sizes }
}

/** `orig_target_sizes` of RT-DETR, D-FINE and DEIM. */
function isSizes(input: Onnx.IValueInfoProto): boolean {
  const isInt64 = input.type?.tensorType?.elemType === onnx.TensorProto.DataType.INT64
  return isInt64 && input.name === 'orig_target_sizes'
}

function rankOf(input: Onnx.IValueInfoProto): number {
  return input.type?.tensorType?.shape?.dim?.length ?? 0
}
