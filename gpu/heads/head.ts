import type { Candidates } from '../candidates.ts'
import type { Size } from '../letterbox.ts'

/** An output of the network: row-major floats. */
export interface HeadOutput {
  readonly dims: readonly number[]
  readonly data: Float32Array
}

/** Turns the raw outputs of one family of networks into boxes. Pure; one file a family. */
export interface Head {
  /** Shape of the output for a batch, to allocate it once; `padded` is what the network sees. */
  outputDims(count: number, padded: Size): readonly number[]
  /** One sentence where the file's output cannot be this family's; `null` a free axis. */
  refuse(outputDims: readonly (number | null)[]): string | null
  /** Adds the boxes of picture `index` of the batch, in pixels of what the network saw. */
  decode(output: HeadOutput, index: number, padded: Size, into: Candidates): void
}
