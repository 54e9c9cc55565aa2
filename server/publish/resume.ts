import type { GapMessage } from '#protocol/messages.ts'
import { encode, type EncodedResult } from './filter-group.ts'
import { Pace } from './pace.ts'
import type { ResultRing, RingEntry } from './result-ring.ts'
import type { ResultFilter } from './subscription.ts'

/** What a returning client gets of one camera before the live results. */
export interface Replay {
  /** What is not there any more, told first. */
  readonly gap: Omit<GapMessage, 'type'> | null
  readonly results: readonly { readonly seq: number; readonly frame: Buffer }[]
}

/**
 * Replays the results after `lastSeq`, the newest of them up to `bytesMax` in all. A client of an earlier run of the
 * server gets one gap without an end.
 */
export function replayOf(options: {
  readonly camera: string
  /** The last the client has. */
  readonly lastSeq: number
  /** The client's `bootId` is that of this run. */
  readonly sameBoot: boolean
  /** The last that was published. */
  readonly newestSeq: number
  readonly ring: ResultRing
  readonly filter: ResultFilter
  readonly bytesMax: number
  readonly nowMs: number
}): Replay {
  const { camera, lastSeq, newestSeq, filter } = options
  const from = lastSeq + 1
  if (!options.sameBoot) return { gap: { camera, from, to: null, reason: 'restart' }, results: [] }
  if (newestSeq < from) return { gap: null, results: [] }
  const held = options.ring.after(lastSeq, options.nowMs)
  const due = pacedEntries(held, filter)
  const results: { readonly seq: number; readonly frame: Buffer }[] = []
  let bytes = 0
  // From the newest back, so that nothing is serialised that does not fit.
  for (const { result, skipped } of due.toReversed()) {
    const frame = encode(result, filter, skipped)
    bytes += frame.length
    if (bytes > options.bytesMax) break
    results.push({ seq: result.message.seq, frame })
  }
  results.reverse()
  const oldestHeld = held[0]?.result.message.seq
  const isComplete = results.length === due.length
  const oldestSeq = (isComplete ? oldestHeld : results[0]?.seq) ?? newestSeq + 1
  const gap: Replay['gap'] =
    oldestSeq > from ? { camera, from, to: oldestSeq - 1, reason: 'expired' } : null
  return { gap, results }
}

function pacedEntries(
  entries: readonly RingEntry[],
  filter: ResultFilter,
): readonly { readonly result: EncodedResult; readonly skipped: number | null }[] {
  if (filter.maxFps === null) return entries.map(({ result }) => ({ result, skipped: null }))
  const pace = new Pace(filter.maxFps)
  return entries.flatMap(({ result, atMs }) => {
    const skipped = pace.admit(atMs)
    return skipped === null ? [] : [{ result, skipped }]
  })
}
