import type { Candidates } from '../candidates.ts'
import type { Size } from '../letterbox.ts'

/** What a prepared file says of one of its outputs; `null` a free axis. */
export interface OutputShape {
  readonly name: string
  readonly dims: readonly (number | null)[]
}

/** An output of the network: row-major floats (the prepared file casts what is something else). */
export interface HeadOutput {
  readonly dims: readonly number[]
  readonly data: Float32Array
}

export type HeadBinding =
  /** Names of the outputs that `decode` takes, in its order. */
  | { readonly kind: 'bound'; readonly names: readonly string[] }
  /** One sentence: why the file's outputs cannot be this family's. */
  | { readonly kind: 'refused'; readonly sentence: string }

/** Turns the raw outputs of one family of networks into boxes. Pure; one file a family. */
export interface Head {
  bind(outputs: readonly OutputShape[]): HeadBinding
  /** Adds the boxes of picture `index` of the batch, in pixels of what the network saw: `padded`. */
  decode(outputs: readonly HeadOutput[], index: number, padded: Size, into: Candidates): void
}
