import { sha256Of } from '#std/atomic-file.ts'
import { byCodePoints } from './dataset.ts'

export interface Sides {
  readonly train: readonly string[]
  readonly val: readonly string[]
}

/**
 * Whole groups to one side: in an order that the seed gives, each goes to `val` where that brings its share nearer to
 * the wanted one. The same frames and seed give the same split on every machine, and new frames of a known group
 * never change another group's place in the order.
 */
export function splitByGroup(
  groups: ReadonlyMap<string, string>,
  options: { readonly valShare: number; readonly seed: number },
): Sides {
  const frames = Map.groupBy([...groups.keys()].sort(byCodePoints), (id) => groups.get(id) ?? '')
  const wanted = groups.size * options.valShare
  const val: string[] = []
  for (const group of shuffled([...frames.keys()], options.seed)) {
    const ids = frames.get(group) ?? []
    const without = Math.abs(wanted - val.length)
    const withIt = Math.abs(wanted - val.length - ids.length)
    if (withIt < without) val.push(...ids)
  }
  const isVal = new Set(val)
  const train = [...groups.keys()].filter((id) => !isVal.has(id))
  return { train: train.sort(byCodePoints), val: val.sort(byCodePoints) }
}

/** Frame by frame: neighbours of one drive on both sides. */
export function splitAtRandom(
  ids: readonly string[],
  options: { readonly valShare: number; readonly seed: number },
): Sides {
  const order = shuffled(ids, options.seed)
  const count = Math.round(ids.length * options.valShare)
  return {
    val: order.slice(0, count).sort(byCodePoints),
    train: order.slice(count).sort(byCodePoints),
  }
}

/** Groups with frames on both sides, and frames that are on both themselves (as `frame 000012`). */
export function leaksOf(sides: Sides, groups: ReadonlyMap<string, string>): readonly string[] {
  const groupsOf = (ids: readonly string[]): Set<string> =>
    new Set(
      ids.flatMap((id) => {
        const group = groups.get(id)
        return group === undefined ? [] : [group]
      }),
    )
  const inVal = new Set(sides.val)
  const frames = sides.train.filter((id) => inVal.has(id)).map((id) => `frame ${id}`)
  const shared = groupsOf(sides.train).intersection(groupsOf(sides.val))
  return [...shared, ...frames].sort(byCodePoints)
}

/** By a hash of seed and name: no random generator to keep the same for ever. */
function shuffled(names: readonly string[], seed: number): readonly string[] {
  return names
    .map((name) => [sha256Of(`${seed} ${name}`), name] as const)
    .sort(([a], [b]) => byCodePoints(a, b))
    .map(([, name]) => name)
}
