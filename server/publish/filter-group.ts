import type { DetectionsMessage } from '#protocol/messages.ts'
import { textFrame } from './frame.ts'
import { Pace } from './pace.ts'
import { applyFilter, filterKey, type ResultFilter } from './subscription.ts'

/** A result and its bytes, made once for all who get it unfiltered. */
export class EncodedResult {
  readonly message: DetectionsMessage
  #frame: Buffer | null = null

  constructor(message: DetectionsMessage) {
    this.message = message
  }

  get frame(): Buffer {
    return (this.#frame ??= textFrame(JSON.stringify(this.message)))
  }
}

/** The subscribers with one and the same filter: a result is filtered, paced and serialised once for all of them. */
export class FilterGroup {
  readonly filter: ResultFilter
  readonly #paces = new Map<string, Pace>()
  #lastResult: EncodedResult | null = null
  #lastFrame: Buffer | null = null

  constructor(filter: ResultFilter) {
    this.filter = filter
  }

  /** The bytes for this group's members; null where `maxFps` leaves the result out. */
  frameOf(result: EncodedResult, nowMs: number): Buffer | null {
    if (this.#lastResult === result) return this.#lastFrame
    this.#lastResult = result
    this.#lastFrame = this.#encode(result, nowMs)
    return this.#lastFrame
  }

  #encode(result: EncodedResult, nowMs: number): Buffer | null {
    const pace = this.#paceOf(result.message.camera)
    if (pace === null) return encode(result, this.filter, null)
    const skipped = pace.admit(nowMs)
    return skipped === null ? null : encode(result, this.filter, skipped)
  }

  forgetCamera(cameraId: string): void {
    this.#paces.delete(cameraId)
  }

  #paceOf(cameraId: string): Pace | null {
    if (this.filter.maxFps === null) return null
    let pace = this.#paces.get(cameraId)
    if (pace === undefined) this.#paces.set(cameraId, (pace = new Pace(this.filter.maxFps)))
    return pace
  }
}

/** The bytes of a result behind a filter; `skipped` is there where results were left out by `maxFps`. */
export function encode(
  result: EncodedResult,
  filter: ResultFilter,
  skipped: number | null,
): Buffer {
  const filtered = applyFilter(result.message, filter)
  if (skipped !== null) return textFrame(JSON.stringify({ ...filtered, skipped }))
  return filtered === result.message ? result.frame : textFrame(JSON.stringify(filtered))
}

/** The groups in use; one is let go with its last member. */
export class FilterGroups {
  readonly #groups = new Map<string, { readonly group: FilterGroup; members: number }>()

  get size(): number {
    return this.#groups.size
  }

  join(filter: ResultFilter): FilterGroup {
    const key = filterKey(filter)
    let entry = this.#groups.get(key)
    if (entry === undefined)
      this.#groups.set(key, (entry = { group: new FilterGroup(filter), members: 0 }))
    entry.members++
    return entry.group
  }

  leave(group: FilterGroup): void {
    const key = filterKey(group.filter)
    const entry = this.#groups.get(key)
    if (entry !== undefined && --entry.members === 0) this.#groups.delete(key)
  }

  forgetCamera(cameraId: string): void {
    for (const { group } of this.#groups.values()) group.forgetCamera(cameraId)
  }
}
