import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tileState, type TileInput } from './tile-state.ts'

type Message = NonNullable<TileInput['message']>

const live: Message = {
  state: 'live',
  code: null,
  reason: null,
  detectFps: 10,
  effectiveFps: 10,
  measuredFps: 25,
  shed: null,
}
/** A picture 100 ms ago, a healthy player. */
const healthy: TileInput = {
  message: live,
  url: 'rtsp://viewer:***@192.0.2.31/stream1',
  player: { kind: 'joined' },
  lastPicture: { atMs: 99_900, wallTime: '08:41:07' },
  visibleSinceMs: 0,
  nowMs: 100_000,
}
const twelveSecondsAgo = { atMs: 88_000, wallTime: '08:41:07' }

const cases: readonly {
  name: string
  message?: Partial<Message> | null
  input?: Partial<TileInput>
  said: string
}[] = [
  {
    name: 'refused: wrong password',
    message: { state: 'refused', code: 'unauthorized' },
    said: 'refused/none: Wrong password | The camera refused user “viewer”. Next try within 60 s, slowly, so that it does not lock the account.',
  },
  {
    name: 'refused: wrong password of an address without a user',
    message: { state: 'refused', code: 'unauthorized' },
    input: { url: 'rtsp://192.0.2.31/' },
    said: 'refused/none: Wrong password | The camera refused the login. Next try within 60 s, slowly, so that it does not lock the account.',
  },
  {
    name: 'refused: no such stream',
    message: { state: 'refused', code: 'not_found' },
    said: 'refused/none: No such stream | The camera answers, but not at /stream1.',
  },
  {
    name: 'refused: a codec',
    message: { state: 'refused', code: 'unsupported_codec', reason: 'the camera sends H.265' },
    said: 'refused/none: Cannot show this video | The camera sends H.265.',
  },
  {
    name: 'refused for a reason without words of its own',
    message: { state: 'refused', code: 'protocol', reason: null },
    said: 'refused/none: Refused | The camera cannot be used as it is.',
  },
  {
    name: 'removed',
    message: { state: 'removed' },
    said: 'ended/dimmed: Ended | The camera was removed.',
  },
  {
    name: 'disabled',
    message: { state: 'disabled' },
    said: 'off/none: Off | This camera is switched off.',
  },
  {
    name: 'stalled',
    message: { state: 'stalled' },
    input: { lastPicture: { atMs: 98_000, wallTime: '08:41:07' } },
    said: 'stalled/dimmed: No picture for 2 s | The camera is connected and sends nothing. [last picture 08:41:07]',
  },
  {
    name: 'stalled before the first picture',
    message: { state: 'stalled' },
    input: { lastPicture: null },
    said: 'stalled/none: No picture | The camera is connected and sends nothing.',
  },
  {
    name: 'connecting for the first time',
    message: { state: 'connecting' },
    input: { lastPicture: null },
    said: 'connecting/none: Connecting | Waiting for the first picture.',
  },
  {
    name: 'connecting, and why not yet',
    message: { state: 'connecting', code: 'unreachable', reason: 'nothing answers at 192.0.2.31' },
    input: { lastPicture: null },
    said: 'connecting/none: Connecting | Nothing answers at 192.0.2.31.',
  },
  {
    name: 'connecting again',
    message: { state: 'connecting' },
    input: { lastPicture: twelveSecondsAgo },
    said: 'reconnecting/dimmed: Reconnecting | The camera stopped sending 12 s ago. | Trying again. The last picture stays until then. [last picture 08:41:07]',
  },
  {
    name: 'live without a word from the server yet',
    message: null,
    said: 'connecting/none: Connecting | Waiting for the first picture.',
  },
  {
    name: 'live, first picture not yet here',
    input: { lastPicture: null },
    said: 'connecting/none: Connecting | Waiting for the first picture.',
  },
  {
    name: 'live, and this page cannot join',
    input: {
      lastPicture: null,
      player: { kind: 'waiting', retryAtMs: 0, message: 'This browser offers no H.264' },
    },
    said: 'connecting/none: Connecting | This browser offers no H.264.',
  },
  {
    name: 'live, but the pictures stopped on their way',
    input: { lastPicture: twelveSecondsAgo },
    said: 'reconnecting/dimmed: Reconnecting | The picture stopped 12 s ago. | Trying again. The last picture stays until then. [last picture 08:41:07]',
  },
  {
    name: 'live, seen again after a minute in the background',
    input: { lastPicture: { atMs: 40_000, wallTime: '08:41:07' }, visibleSinceMs: 99_900 },
    said: 'live/live:',
  },
  {
    name: 'a slow camera is live between its pictures',
    message: { measuredFps: 0.5 },
    input: { lastPicture: { atMs: 94_000, wallTime: '08:41:07' } },
    said: 'live/live:',
  },
  { name: 'live', said: 'live/live:' },
  {
    name: 'degraded',
    message: { effectiveFps: 7.04, shed: { reason: 'inference capacity' } },
    said: 'degraded/live: (7/10 fps · inference capacity)',
  },
  {
    name: 'degraded where every frame is wanted',
    message: { detectFps: 0, effectiveFps: 12.5, shed: { reason: 'inference capacity' } },
    said: 'degraded/live: (12.5/25 fps · inference capacity)',
  },
]

for (const { name, message, input, said } of cases)
  test(name, () => {
    const state = tileState({
      ...healthy,
      message: message === null ? null : { ...live, ...message },
      ...input,
    })
    const notice =
      state.notice === null ? '' : ` ${[state.notice.title, ...state.notice.lines].join(' | ')}`
    const badge = state.badge === null ? '' : ` (${state.badge.rate} · ${state.badge.why})`
    const note = state.note === null ? '' : ` [${state.note}]`
    assert.equal(`${state.kind}/${state.picture}:${notice}${badge}${note}`, said)
  })
