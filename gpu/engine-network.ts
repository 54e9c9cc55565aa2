import onnxProto, { type onnx as Onnx } from 'onnx-proto'
import { messageOf } from '#std/coded-error.ts'
import { EngineError } from './engine-error.ts'
import type { EngineKey } from './engine-key.ts'
import { type TensorInfo, tensorInfoOf } from './onnx-tensors.ts'

const { onnx } = onnxProto

/** What an engine must be told of the network that it stands for. */
export interface Network {
  readonly inputs: readonly TensorInfo[]
  readonly outputs: readonly TensorInfo[]
  /** Of the weights, or of the quantisation around them: a strongly typed engine keeps to it. */
  readonly precision: EngineKey['precision']
}

/** Throws EngineError `engine_build_failed`. */
export function networkOf(model: Uint8Array): Network {
  const graph = graphOf(model)
  const inputs = (graph.input ?? []).map(tensorInfoOf).filter((tensor) => tensor !== null)
  const outputs = (graph.output ?? []).map(tensorInfoOf).filter((tensor) => tensor !== null)
  if (inputs.length !== graph.input?.length || outputs.length !== graph.output?.length)
    throw new EngineError('engine_build_failed', 'an input or output of the model has no type')
  return { inputs, outputs, precision: precisionOf(graph) }
}

function precisionOf({ node, initializer }: Onnx.IGraphProto): Network['precision'] {
  const half = onnx.TensorProto.DataType.FLOAT16
  if (node?.some(({ opType }) => opType === 'DequantizeLinear')) return 'int8'
  return initializer?.some(({ dataType }) => dataType === half) ? 'fp16' : 'fp32'
}

function graphOf(model: Uint8Array): Onnx.IGraphProto {
  try {
    return onnx.ModelProto.decode(model).graph ?? {}
  } catch (cause) {
    const sentence = `the model is no ONNX file: ${messageOf(cause)}`
    throw new EngineError('engine_build_failed', sentence, { cause })
  }
}
