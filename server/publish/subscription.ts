import type { DetectionsMessage, ErrorMessage, SubscribeMessage } from '#protocol/messages.ts'

/** Which results a client gets; the same for all clients of one `FilterGroup`. */
export interface ResultFilter {
  /** Labels; null: all. */
  readonly classes: ReadonlySet<string> | null
  readonly minScore: number
  /** Null: every result. */
  readonly maxFps: number | null
}

export interface Subscription {
  readonly wants: (cameraId: string) => boolean
  readonly filter: ResultFilter
  /** What of the request could not be granted; the rest takes effect. */
  readonly errors: readonly ErrorMessage[]
}

/** How many unknown cameras an error names before it only counts them. */
const namedMax = 10

/** What a `subscribe` asks for -> what it gets, given the cameras that exist. `*` takes in those that come later. */
export function subscriptionOf(
  message: SubscribeMessage,
  exists: (cameraId: string) => boolean,
): Subscription {
  const isAll = message.cameras.includes('*')
  const named = message.cameras.filter((camera) => camera !== '*')
  const unknown = named.filter((camera) => !exists(camera))
  const granted = new Set(named.filter(exists))
  const errors: ErrorMessage[] = []
  if (message.zones !== undefined || message.events === true)
    errors.push(errorOf('unsupported', 'zones and events are not supported yet'))
  if (unknown.length > 0) errors.push(errorOf('unknown_camera', sentenceOf(unknown)))
  return {
    wants: isAll ? () => true : (cameraId) => granted.has(cameraId),
    filter: {
      classes: message.classes === undefined ? null : new Set(message.classes),
      minScore: message.minScore ?? 0,
      maxFps: message.maxFps ?? null,
    },
    errors,
  }
}

export function errorOf(code: ErrorMessage['code'], message: string): ErrorMessage {
  return { type: 'error', code, message }
}

/** Equal for filters that let the same results through. */
export function filterKey(filter: ResultFilter): string {
  const classes = filter.classes === null ? null : [...filter.classes].sort()
  return JSON.stringify([classes, filter.minScore, filter.maxFps])
}

/** The message without the objects the filter leaves out; the same object when it leaves out none. */
export function applyFilter(message: DetectionsMessage, filter: ResultFilter): DetectionsMessage {
  if (filter.classes === null && filter.minScore === 0) return message
  const objects = message.objects.filter(
    (object) =>
      object.score >= filter.minScore &&
      (filter.classes === null || filter.classes.has(object.label)),
  )
  return objects.length === message.objects.length ? message : { ...message, objects }
}

function sentenceOf(unknown: readonly string[]): string {
  const names = unknown.slice(0, namedMax).join(', ')
  const rest = unknown.length - namedMax
  return `no such camera: ${names}${rest > 0 ? ` and ${rest} more` : ''}`
}
