import type { NanodetLevel } from '#gpu/heads/nanodet.ts'
import { imageAxes } from './image-axes.ts'
import type { OnnxFacts, TensorFacts } from './onnx-facts.ts'

/** Which outputs are scores and which distances, by stride; null where the outputs are not NanoDet's. */
export function nanodetLevels(
  facts: OnnxFacts,
): { readonly levels: NanodetLevel[]; readonly classCount: number } | null {
  const { width, height } = imageAxes(facts)
  if (width === null || height === null || facts.outputs.length < 4) return null
  const levels: NanodetLevel[] = []
  const counts = new Set<number>()
  for (const [cells, pair] of byCells(facts.outputs)) {
    const found = scoresAndDistances(pair)
    const stride = Math.sqrt((width * height) / cells)
    if (found === null || !Number.isInteger(stride)) return null
    levels.push({ stride, scores: found.scores.name, distances: found.distances.name })
    counts.add(found.scores.dims[2] ?? 0)
  }
  const [classCount] = counts
  if (classCount === undefined || counts.size !== 1) return null
  return { levels: levels.sort((a, b) => a.stride - b.stride), classCount }
}

function byCells(outputs: readonly TensorFacts[]): ReadonlyMap<number, TensorFacts[]> {
  const groups = new Map<number, TensorFacts[]>()
  for (const output of outputs) {
    const cells = output.dims.length === 3 ? (output.dims[1] ?? 0) : 0
    groups.set(cells, [...(groups.get(cells) ?? []), output])
  }
  return groups
}

/** Distances are four sides of at least two bins; where both could be, the names say. */
function scoresAndDistances(pair: readonly TensorFacts[]) {
  const [one, other] = pair
  if (one === undefined || other === undefined || pair.length !== 2) return null
  const distances =
    [one, other].find(({ name }) => /dis|reg|box/i.test(name)) ??
    [one, other].find(({ dims }) => dims[2] === 32)
  if (distances === undefined || (distances.dims[2] ?? 0) < 8 || (distances.dims[2] ?? 0) % 4 !== 0)
    return null
  return { distances, scores: distances === one ? other : one }
}
