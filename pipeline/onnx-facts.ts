import onnxProto, { type onnx as Onnx } from 'onnx-proto'
import { messageOf } from '#std/coded-error.ts'
import { graphInputs } from './graph-inputs.ts'
import { PrepareError } from './prepare-error.ts'

const { onnx } = onnxProto
const { DataType } = onnx.TensorProto

export interface TensorFacts {
  readonly name: string
  /** `null`: a free axis. Empty where the file does not say. */
  readonly dims: readonly (number | null)[]
}

/** What an exported ONNX file says of itself; onnxruntime-node does not tell its metadata. */
export interface OnnxFacts {
  readonly image: TensorFacts
  readonly outputs: readonly TensorFacts[]
  /** It has an input `orig_target_sizes`. */
  readonly takesSizes: boolean
  /** `metadata_props`: names, imgsz, stride, task, end2end, license of Ultralytics' exports. */
  readonly metadata: ReadonlyMap<string, string>
  /** Ranges are taken of the whole batch at run time, so a picture's result depends on its neighbours. */
  readonly isDynamicallyQuantised: boolean
}

/** The prologue needs operators of this set (Pad with a computed width). */
const opsetMin = 11

/** Throws PrepareError `model_unknown`. */
export function readOnnxFacts(raw: Uint8Array): OnnxFacts {
  const model = decode(raw)
  const graph = checkedGraph(model)
  const { image, sizes } = graphInputs(graph)
  checkImage(image)
  return {
    image: factsOf(image),
    outputs: (graph.output ?? []).map(factsOf),
    takesSizes: sizes !== null,
    metadata: new Map(model.metadataProps.map(({ key, value }) => [key ?? '', value ?? ''])),
    isDynamicallyQuantised: (graph.node ?? []).some(
      ({ opType }) => opType === 'DynamicQuantizeLinear',
    ),
  }
}

function checkedGraph({ graph, opsetImport }: Onnx.ModelProto): Onnx.IGraphProto {
  if (!graph || (graph.node ?? []).length === 0) throw unknown('the file holds no graph')
  const own = opsetImport.find(({ domain }) => !domain || domain === 'ai.onnx')
  const opset = Number(own?.version ?? 0)
  if (opset < opsetMin)
    throw unknown(`it is of opset ${opset}; export it again with opset ${opsetMin} or later`)
  if ((graph.initializer ?? []).some(isElsewhere))
    throw unknown('its weights lie in another file; save it as one (onnx.save of the loaded model)')
  return graph
}

function checkImage(image: Onnx.IValueInfoProto): void {
  if (image.name === 'pixels') throw unknown('it is prepared already: give the file it came from')
  const type = image.type?.tensorType?.elemType
  if (type !== DataType.FLOAT && type !== DataType.FLOAT16)
    throw unknown(`its image “${image.name}” is not float: what numbers it wants cannot be known`)
}

function decode(raw: Uint8Array): Onnx.ModelProto {
  try {
    return onnx.ModelProto.decode(raw)
  } catch (cause) {
    throw new PrepareError('model_unknown', `not an ONNX file: ${messageOf(cause)}`, { cause })
  }
}

function isElsewhere(tensor: Onnx.ITensorProto): boolean {
  return tensor.dataLocation === onnx.TensorProto.DataLocation.EXTERNAL
}

function factsOf(value: Onnx.IValueInfoProto): TensorFacts {
  const dims = value.type?.tensorType?.shape?.dim ?? []
  return {
    name: value.name ?? '',
    dims: dims.map(({ dimValue }) => {
      const size = Number(dimValue ?? 0)
      return size > 0 ? size : null
    }),
  }
}

function unknown(sentence: string): PrepareError {
  return new PrepareError('model_unknown', sentence)
}
