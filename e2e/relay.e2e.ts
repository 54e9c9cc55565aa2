import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { join } from 'node:path'
import { openRelay } from '#server/relay/mediasoup-relay.ts'
import type { Relay } from '#server/relay/relay.ts'
import { sleep, systemClock } from '#std/clock.ts'
import { silentLog } from '#std/log.ts'
import { launchBrowser, type TestBrowser } from './support/browser.ts'
import { makeRelayClip, type RelayClip } from './support/relay-clip.ts'
import { feedClip, type RelayFeed } from './support/relay-feed.ts'
import {
  preparePlayerPage,
  startPlayer,
  type ShownFrame,
  type WhepPlayer,
} from './support/whep-page.ts'

let browser: TestBrowser
let baseline: RelayClip

before(async () => {
  browser = await launchBrowser()
  baseline = await clipOf('baseline')
})
after(() => browser[Symbol.asyncDispose]())

const clipOf = (profile: 'baseline' | 'main' | 'high'): Promise<RelayClip> =>
  makeRelayClip({ profile, width: 640, height: 360, fps: 30, frames: 90, kbitPerSecond: 1500 })

const open = (): Promise<Relay> =>
  openRelay({
    clock: systemClock,
    log: silentLog,
    workerBin: join(import.meta.dirname, '../data/bin/mediasoup-worker'),
    rtcPort: 0,
    listenIp: '127.0.0.1',
    announcedAddress: null,
  })

/** A page with a player factory; a page each test, so that none sees another's players. */
async function openPlayers(relay: Relay) {
  const page = await browser.newPage()
  await preparePlayerPage(page)
  return {
    async watch(
      options: {
        readonly profileLevelId?: string
        readonly edit?: (answerSdp: string) => string
      } = {},
    ): Promise<{ readonly player: WhepPlayer; readonly sessionId: string }> {
      const player = await startPlayer(page, options)
      const { sessionId, answerSdp } = await relay.watch('gate', player.offerSdp)
      await player.accept(options.edit === undefined ? answerSdp : options.edit(answerSdp))
      return { player, sessionId }
    },
    [Symbol.asyncDispose]: () => page.close(),
  }
}

async function until(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
  const startMs = systemClock.nowMs()
  while (!(await holds())) {
    assert.ok(systemClock.nowMs() - startMs < 20_000, `never happened: ${what}`)
    await sleep(systemClock, 20)
  }
}

/** Every timestamp was sent, and every picture shows the number that was sent under its timestamp. */
function assertExact(frames: readonly ShownFrame[], feed: RelayFeed): void {
  const strangers = frames.filter((it) => !feed.sent.has(it.callbackTimestamp ?? -1))
  assert.deepEqual(strangers, [])
  const wrong = frames.filter(
    (it) => feed.sent.get(it.pictureTimestamp ?? -1)?.counter !== it.counter,
  )
  assert.deepEqual(wrong, [])
}

for (const profile of ['baseline', 'main', 'high'] as const)
  test(`a ${profile} clip plays, every frame under the RTP timestamp it was sent with`, async () => {
    const clip = profile === 'baseline' ? baseline : await clipOf(profile)
    await using relay = await open()
    using feed = feedClip(relay.addCamera('gate'), clip)
    await using players = await openPlayers(relay)
    const { player } = await players.watch()
    const frames = await player.waitForFrames(120)
    assertExact(frames, feed)
    assert.equal(await player.transportProtocol(), 'udp')
  })

test('a second viewer gets the picture too and does not disturb the first', async () => {
  await using relay = await open()
  const camera = relay.addCamera('gate')
  using feed = feedClip(camera, baseline)
  await using players = await openPlayers(relay)
  const first = await players.watch()
  await first.player.waitForFrames(10)
  const second = await players.watch()
  const later = await second.player.waitForFrames(60)
  assert.equal(camera.viewers, 2)
  assertExact(later, feed)
  assertExact(await first.player.shown(), feed)
})

test('players of two payload types watch one camera at once', async () => {
  await using relay = await open()
  using feed = feedClip(relay.addCamera('gate'), baseline)
  await using players = await openPlayers(relay)
  const constrained = await players.watch({ profileLevelId: '42e01f' })
  const plain = await players.watch({ profileLevelId: '42001f' })
  const typeOf = (sdp: string): string | undefined => /m=video .* (\d+)\r/.exec(sdp)?.[1]
  assert.notEqual(typeOf(constrained.player.offerSdp), typeOf(plain.player.offerSdp))
  assertExact(await constrained.player.waitForFrames(40), feed)
  assertExact(await plain.player.waitForFrames(40), feed)
})

test('a player behind a wall that lets no UDP through plays over TCP', async () => {
  await using relay = await open()
  using feed = feedClip(relay.addCamera('gate'), baseline)
  await using players = await openPlayers(relay)
  const { player } = await players.watch({
    edit: (sdp) => sdp.replaceAll(/a=candidate:\S+ \d+ udp .*\r\n/g, ''),
  })
  assertExact(await player.waitForFrames(60), feed)
  assert.equal(await player.transportProtocol(), 'tcp')
})

test('after a loss the picture freezes and goes on at the next key frame', async () => {
  await using relay = await open()
  using feed = feedClip(relay.addCamera('gate'), baseline)
  await using players = await openPlayers(relay)
  const { player } = await players.watch()
  const earlier = await player.waitForFrames(40)
  feed.damageOne()
  const frames = await player.waitForFrames(earlier.length + 60)
  assertExact(frames, feed)
  const sent = [...feed.sent.entries()]
  const damagedAt = sent.findIndex(([, frame]) => frame.isDamaged)
  const keyAt = sent.findIndex(([, { counter }], at) => at > damagedAt && counter % 30 === 0)
  assert.ok(damagedAt > 0 && keyAt > damagedAt)
  const frozen = new Set(sent.slice(damagedAt, keyAt).map(([timestamp]) => timestamp))
  assert.deepEqual(
    frames.filter((it) => frozen.has(it.pictureTimestamp ?? -1)),
    [],
  )
  const resumed = new Set(sent.slice(keyAt).map(([timestamp]) => timestamp))
  assert.ok(frames.some((it) => resumed.has(it.pictureTimestamp ?? -1)))
})

test('a session that is ended tells its player at once', async () => {
  await using relay = await open()
  const camera = relay.addCamera('gate')
  using feed = feedClip(camera, baseline)
  await using players = await openPlayers(relay)
  const { player, sessionId } = await players.watch()
  assertExact(await player.waitForFrames(5), feed)
  assert.equal(relay.unwatch(sessionId), true)
  assert.equal(camera.viewers, 0)
  await until('the player sees the end', async () => (await player.dtlsState()) === 'closed')
})

test('a player that closes its connection gives its place back at once', async () => {
  await using relay = await open()
  const camera = relay.addCamera('gate')
  using feed = feedClip(camera, baseline)
  await using players = await openPlayers(relay)
  const { player } = await players.watch()
  assertExact(await player.waitForFrames(5), feed)
  await player.close()
  await until('the session ends', () => camera.viewers === 0)
})

test('after the media worker was killed a player that comes again sees the camera', async () => {
  await using relay = await open()
  const camera = relay.addCamera('gate')
  using feed = feedClip(camera, baseline)
  await using players = await openPlayers(relay)
  const first = await players.watch()
  await first.player.waitForFrames(5)
  process.kill(relay.status().workerPid ?? 0, 'SIGKILL')
  await until('the death is counted', () => relay.status().restarts === 1)
  await until('a new worker runs', () => relay.status().ready)
  assert.equal(camera.viewers, 0)
  const again = await players.watch()
  assertExact(await again.player.waitForFrames(60), feed)
})
