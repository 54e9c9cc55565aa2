import type { CameraMessage } from '#protocol/messages.ts'
import type { PlayerStatus } from './player.ts'

export type TileKind =
  'connecting' | 'live' | 'degraded' | 'stalled' | 'reconnecting' | 'refused' | 'off' | 'ended'

/** What a tile says about its camera. */
export interface TileState {
  readonly kind: TileKind
  /** For the tile's label and the announcement. */
  readonly word: string
  /** Over the picture; null while it speaks for itself. */
  readonly notice: {
    readonly icon: 'retry' | 'lock' | 'warn' | null
    readonly title: string
    readonly lines: readonly string[]
  } | null
  readonly picture: 'live' | 'dimmed' | 'none'
  /** Detection runs below its target. */
  readonly badge: { readonly rate: string; readonly why: string } | null
  /** At the foot, in place of the figures. */
  readonly note: string | null
}

export interface TileInput {
  /** Null before the server said anything. */
  readonly message: Pick<
    CameraMessage,
    'state' | 'code' | 'reason' | 'detectFps' | 'effectiveFps' | 'measuredFps' | 'shed'
  > | null
  /** As the API shows it, password hidden; null while unknown. */
  readonly url: string | null
  readonly player: PlayerStatus
  /** Since when there is no new picture, and the wall time of the last; null when there never was one. */
  readonly lastPicture: { readonly atMs: number; readonly wallTime: string } | null
  /** Frames cannot be seen before this: the page was in the background. */
  readonly visibleSinceMs: number
  readonly nowMs: number
}

/** No picture for this long is no live picture; four intervals of a slow camera. */
const freshMsMin = 1_500

/** Pure; the words are those of the design's table of states. */
export function tileState(input: TileInput): TileState {
  const { message } = input
  if (message === null) return connecting([])
  switch (message.state) {
    case 'removed':
      return { ...plain('ended', 'Ended', ['The camera was removed.']), picture: dimmed(input) }
    case 'disabled':
      return plain('off', 'Off', ['This camera is switched off.'])
    case 'refused':
      return refused(input)
    case 'stalled':
      return stalled(input)
    case 'connecting':
      return input.lastPicture === null
        ? connecting(sentences(message.reason))
        : reconnecting(input, 'The camera stopped sending', sentences(message.reason))
    case 'live':
      break
  }
  return live(input, message)
}

function live(input: TileInput, message: NonNullable<TileInput['message']>): TileState {
  const trouble = input.player.kind === 'waiting' ? sentences(input.player.message) : []
  if (input.lastPicture === null) return connecting(trouble)
  const freshMs = Math.max(freshMsMin, message.measuredFps > 0 ? 4_000 / message.measuredFps : 0)
  const seenAtMs = Math.max(input.lastPicture.atMs, input.visibleSinceMs)
  if (input.nowMs - seenAtMs > freshMs) return reconnecting(input, 'The picture stopped', trouble)
  const badge = degradedBadge(message)
  return {
    kind: badge === null ? 'live' : 'degraded',
    word: badge === null ? 'Live' : `Degraded: ${badge.rate}, ${badge.why}`,
    notice: null,
    picture: 'live',
    badge,
    note: null,
  }
}

function degradedBadge(message: NonNullable<TileInput['message']>): TileState['badge'] {
  if (message.shed === null) return null
  const wanted = message.detectFps > 0 ? message.detectFps : message.measuredFps
  return {
    rate: `${tidyNumber(message.effectiveFps)}/${tidyNumber(wanted)} fps`,
    why: message.shed.reason,
  }
}

function tidyNumber(value: number): string {
  return String(Math.round(value * 10) / 10)
}

function connecting(why: readonly string[]): TileState {
  return plain(
    'connecting',
    'Connecting',
    why.length > 0 ? why : ['Waiting for the first picture.'],
  )
}

function stalled(input: TileInput): TileState {
  const title =
    input.lastPicture === null
      ? 'No picture'
      : `No picture for ${secondsSince(input.lastPicture.atMs, input.nowMs)}`
  return {
    ...plain('stalled', title, ['The camera is connected and sends nothing.']),
    word: 'No picture',
    picture: dimmed(input),
    note: lastPictureNote(input),
  }
}

function reconnecting(input: TileInput, what: string, why: readonly string[]): TileState {
  const since =
    input.lastPicture === null ? '' : ` ${secondsSince(input.lastPicture.atMs, input.nowMs)} ago`
  return {
    kind: 'reconnecting',
    word: 'Reconnecting',
    notice: {
      icon: 'retry',
      title: 'Reconnecting',
      lines: [`${what}${since}.`, ...why, 'Trying again. The last picture stays until then.'],
    },
    picture: dimmed(input),
    badge: null,
    note: lastPictureNote(input),
  }
}

const refusedTitles: Partial<Record<string, string>> = {
  unauthorized: 'Wrong password',
  not_found: 'No such stream',
  unsupported_codec: 'Cannot show this video',
  no_video: 'No video',
}

function refused({ message, url }: TileInput): TileState {
  const address = url === null ? null : URL.parse(url)
  const code = message?.code ?? ''
  const title = refusedTitles[code] ?? 'Refused'
  const icon = code === 'unauthorized' ? 'lock' : 'warn'
  return {
    ...plain('refused', title, refusedLines(code, address, message?.reason ?? null)),
    notice: { icon, title, lines: refusedLines(code, address, message?.reason ?? null) },
    word: title,
  }
}

function refusedLines(code: string, address: URL | null, reason: string | null): string[] {
  if (code === 'unauthorized') {
    const user = address?.username ? `user “${decodeURIComponent(address.username)}”` : 'the login'
    return [
      `The camera refused ${user}. Next try within 60 s, slowly, so that it does not lock the account.`,
    ]
  }
  if (code === 'not_found' && address !== null)
    return [`The camera answers, but not at ${address.pathname || '/'}.`]
  const said = sentences(reason)
  return said.length > 0 ? said : ['The camera cannot be used as it is.']
}

function plain(kind: TileKind, title: string, lines: readonly string[]): TileState {
  return {
    kind,
    word: title,
    notice: { icon: null, title, lines },
    picture: 'none',
    badge: null,
    note: null,
  }
}

function dimmed({ lastPicture }: TileInput): 'dimmed' | 'none' {
  return lastPicture === null ? 'none' : 'dimmed'
}

function lastPictureNote({ lastPicture }: TileInput): string | null {
  return lastPicture === null ? null : `last picture ${lastPicture.wallTime}`
}

function secondsSince(atMs: number, nowMs: number): string {
  return `${Math.max(0, Math.round((nowMs - atMs) / 1_000))} s`
}

/** The server's reason as a sentence: capital first, full stop last. */
function sentences(reason: string | null): string[] {
  const text = reason?.trim() ?? ''
  if (text === '') return []
  const capital = text.charAt(0).toUpperCase() + text.slice(1)
  return [/[.!?]$/.test(capital) ? capital : `${capital}.`]
}
