import assert from 'node:assert/strict'
import { Candidates, candidateValues } from '../candidates.ts'
import type { Size } from '../letterbox.ts'
import type { Head, HeadOutput } from './head.ts'

/** Boxes of one picture: class index, score, left, top, right, bottom. */
export function decoded(
  head: Head,
  outputs: readonly HeadOutput[],
  padded: Size,
  index = 0,
): number[][] {
  const candidates = new Candidates()
  head.decode(outputs, index, padded, candidates)
  return Array.from({ length: candidates.count }, (_, i) => [
    ...candidates.values.subarray(i * candidateValues, (i + 1) * candidateValues),
  ])
}

export function assertBoxes(
  found: readonly (readonly number[])[],
  wanted: readonly (readonly number[])[],
): void {
  assert.equal(found.length, wanted.length, JSON.stringify(found))
  for (const [i, box] of wanted.entries())
    for (const [k, value] of box.entries())
      assert.ok(
        Math.abs((found[i]?.[k] ?? NaN) - value) < 1e-3,
        `box ${i}, value ${k}: ${found[i]?.[k]}, not ${value}`,
      )
}

/** A tensor of these numbers; rows that are missing are zeros. */
export function outputOf(dims: readonly number[], values: readonly number[]): HeadOutput {
  const data = new Float32Array(dims.reduce((product, dim) => product * dim, 1))
  data.set(values)
  return { dims, data }
}
