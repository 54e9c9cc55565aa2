import type { onnx as Onnx } from 'onnx-proto'
import { floatTensor, int64Tensor } from './onnx-tensor.ts'

/** Collects nodes and constants under names that no other part of a graph has: they begin with `prefix`. */
export class OnnxGraphBuilder {
  readonly nodes: Onnx.INodeProto[] = []
  readonly constants: Onnx.ITensorProto[] = []
  readonly #prefix: string

  constructor(prefix: string) {
    this.#prefix = prefix
  }

  /** The name of its output. */
  add(
    opType: string,
    inputs: readonly string[],
    ...attributes: readonly Onnx.IAttributeProto[]
  ): string {
    const output = `${this.#prefix}/${this.nodes.length}`
    this.nodes.push({
      opType,
      name: `${output}/${opType}`,
      input: [...inputs],
      output: [output],
      attribute: [...attributes],
    })
    return output
  }

  int64(values: readonly number[]): string {
    const name = `${this.#prefix}/c${this.constants.length}`
    this.constants.push(int64Tensor(name, values))
    return name
  }

  float(values: ArrayLike<number>, dims: readonly number[]): string {
    const name = `${this.#prefix}/c${this.constants.length}`
    this.constants.push(floatTensor(name, values, dims))
    return name
  }

  renameLast(output: string, to: string): void {
    for (const node of this.nodes)
      if (node.output?.[0] === output) {
        node.output = [to]
        return
      }
  }
}
