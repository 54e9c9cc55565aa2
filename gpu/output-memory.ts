import * as ort from 'onnxruntime-node'
import { assert } from '#std/assert.ts'
import type { HeadOutput } from './heads/head.ts'

/** Shapes and batch sizes in use at one time; the oldest memory goes, and is made again when it is needed. */
const shapesMax = 8

/** The outputs of one shape and batch size: what the heads read, and what onnxruntime is given to write into. */
export interface StandingOutputs {
  readonly outputs: readonly HeadOutput[]
  readonly tensors: Readonly<Record<string, ort.Tensor>>
}

/**
 * Memory that outputs are written into again and again: without, YOLOX-Nano leaves 0.7 MB of garbage a frame, 31 MB
 * at its height. The first run of a shape tells the outputs' sizes; a network's outputs depend on nothing else.
 */
export class OutputMemory {
  readonly #names: readonly string[]
  readonly #standing = new Map<number, StandingOutputs>()

  constructor(names: readonly string[]) {
    this.#names = names
  }

  /** null: the first run of its shape. */
  of(batch: Batch): StandingOutputs | null {
    return this.#standing.get(keyOf(batch)) ?? null
  }

  /** Outputs of the first run; the next ones of its shape are written into memory of their sizes. */
  learn(batch: Batch, found: Readonly<Record<string, ort.Tensor>>): readonly HeadOutput[] {
    const tensors: Record<string, ort.Tensor> = {}
    const standing: HeadOutput[] = []
    const first = this.#names.map((name) => {
      const output = outputOf(found[name], name)
      const data = new Float32Array(output.data.length)
      tensors[name] = new ort.Tensor('float32', data, output.dims)
      standing.push({ data, dims: output.dims })
      return output
    })
    const oldest = this.#standing.keys().next()
    if (this.#standing.size === shapesMax && !oldest.done) this.#standing.delete(oldest.value)
    this.#standing.set(keyOf(batch), { outputs: standing, tensors })
    return first
  }
}

interface Batch {
  readonly count: number
  readonly width: number
  readonly height: number
}

/** Sides are under 2^16, counts under 2^12. */
function keyOf({ count, width, height }: Batch): number {
  return (count * 65_536 + width) * 65_536 + height
}

function outputOf(tensor: ort.Tensor | undefined, name: string): HeadOutput {
  assert(tensor?.data instanceof Float32Array, `output “${name}” is float32`)
  return { data: tensor.data, dims: tensor.dims }
}
