import type { HeadOutput } from '#gpu/heads/head.ts'
import type { Size } from '#gpu/letterbox.ts'
import type { RawBoxes } from './reference-boxes.ts'
import type { ReferenceModel } from './reference-model.ts'

/** The largest of all boxes of a picture; Infinity where the outputs are of different shapes. */
export interface RawDifference {
  readonly edgePx: number
  /** Of any class of any box. */
  readonly score: number
}

export interface RawRun {
  readonly outputs: readonly HeadOutput[]
  /** Of what the network saw. */
  readonly size: Size
  /** Of the picture in its batch. */
  readonly index: number
}

const unlike: RawDifference = { edgePx: Infinity, score: Infinity }

/** A box of a lower score is told nowhere: where its edges lie is no difference. */
const scoreMin = 1e-3

/** Two runs of one network on one picture. */
export function compareOutputs(reference: ReferenceModel, a: RawRun, b: RawRun): RawDifference {
  const isOneShape =
    a.size.width === b.size.width &&
    a.size.height === b.size.height &&
    a.outputs.length === b.outputs.length &&
    a.outputs.every(({ dims }, i) => String(dims.slice(1)) === String(b.outputs[i]?.dims.slice(1)))
  if (!isOneShape) return unlike
  const left = reference.boxesOf(a.outputs, a.size, a.index)
  const right = reference.boxesOf(b.outputs, b.size, b.index)
  if (left === null || right === null) return compareNumbers(a, b)
  return compareBoxes(left, right)
}

function compareBoxes(a: RawBoxes, b: RawBoxes): RawDifference {
  const { classCount } = a
  let edgePx = 0
  for (let i = 0; i * 4 < a.edges.length; i++) {
    const own = a.scores.subarray(i * classCount, (i + 1) * classCount)
    if (own.every((score) => score < scoreMin)) continue
    for (let edge = i * 4; edge < i * 4 + 4; edge++)
      edgePx = larger(edgePx, (a.edges[edge] ?? NaN) - (b.edges[edge] ?? NaN))
  }
  let score = 0
  for (const [i, value] of a.scores.entries()) score = larger(score, value - (b.scores[i] ?? NaN))
  return { edgePx, score }
}

export function worst(differences: readonly RawDifference[]): RawDifference {
  let edgePx = 0
  let score = 0
  for (const each of differences) {
    edgePx = larger(edgePx, each.edgePx)
    score = larger(score, each.score)
  }
  return { edgePx, score }
}

/** Without knowing which number is a place and which a score: by the stricter bound, relative to its size. */
function compareNumbers(a: RawRun, b: RawRun): RawDifference {
  let score = 0
  for (const [i, { data, dims }] of a.outputs.entries()) {
    const length = dims.slice(1).reduce((product, dim) => product * dim, 1)
    const other = b.outputs[i]?.data ?? new Float32Array()
    for (let at = 0; at < length; at++) {
      const value = data[a.index * length + at] ?? NaN
      const difference = value - (other[b.index * length + at] ?? NaN)
      score = larger(score, difference / Math.max(1, Math.abs(value)))
    }
  }
  return { edgePx: 0, score }
}

/** NaN stays: a number that is none is no small difference. */
function larger(most: number, difference: number): number {
  const size = Math.abs(difference)
  return size > most || Number.isNaN(size) ? size : most
}
