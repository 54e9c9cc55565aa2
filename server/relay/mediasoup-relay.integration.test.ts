import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createSocket } from 'node:dgram'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse } from 'sdp-transform'
import { sleep, systemClock, type Clock } from '#std/clock.ts'
import { FakeClock } from '#std/fake-clock.ts'
import { silentLog } from '#std/log.ts'
import { openRelay, type RelayOptions } from './mediasoup-relay.ts'
import { RelayOpenError, type RelayOpenCode } from './relay-open-error.ts'
import { RelayError, type Relay, type RelayCode } from './relay.ts'
import { madeStamped, madeUnit } from './testing/made-units.ts'
import { chromiumOffer, firefoxOffer, libraryOffer } from './testing/offers.ts'
import { workerBin } from './testing/worker-bin.ts'

const open = (options: Partial<RelayOptions> = {}): Promise<Relay> =>
  openRelay({
    clock: systemClock,
    log: silentLog,
    workerBin,
    rtcPort: 0,
    listenIp: '127.0.0.1',
    announcedAddress: null,
    ...options,
  })

async function until(what: string, holds: () => boolean, limitMs = 15_000): Promise<void> {
  const startMs = systemClock.nowMs()
  while (!holds()) {
    assert.ok(systemClock.nowMs() - startMs < limitMs, `never happened: ${what}`)
    await sleep(systemClock, 10)
  }
}

/** A zombie that nobody reaps has ended too. */
function isRunning(pid: number): boolean {
  try {
    const state = execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' })
    return !state.trim().startsWith('Z')
  } catch {
    return false
  }
}

function pidOf(relay: Relay): number {
  const { workerPid } = relay.status()
  assert.ok(workerPid !== null)
  return workerPid
}

const isOpenError = (code: RelayOpenCode, sentence: RegExp) => (error: unknown) => {
  assert.ok(error instanceof RelayOpenError, String(error))
  assert.equal(error.code, code)
  assert.match(error.message, sentence)
  return true
}

const isRelayError =
  (code: RelayCode, expected: { readonly retryable: boolean }) => (error: unknown) => {
    assert.ok(error instanceof RelayError, String(error))
    assert.equal(error.code, code)
    assert.equal(error.retryable, expected.retryable)
    return true
  }

test('a worker that is not there is one sentence that names the path', async () => {
  const opening = open({ workerBin: '/nowhere/mediasoup-worker' })
  await assert.rejects(opening, isOpenError('worker_missing', /not at \/nowhere\/mediasoup-worker/))
})

test('a program that is no worker is told from one', async () => {
  const opening = open({ workerBin: '/bin/false' })
  await assert.rejects(opening, isOpenError('worker_failed', /the media worker/))
})

test('a TCP port that another program has is refused by name', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const address = other.address()
  assert.ok(address !== null && typeof address === 'object')
  const opening = open({ rtcPort: address.port })
  await assert.rejects(opening, isOpenError('port_in_use', new RegExp(`port ${address.port} on`)))
  other.close()
})

test('a UDP port that another program has is refused too', async () => {
  const other = createSocket('udp4').bind(0, '127.0.0.1')
  await once(other, 'listening')
  const { port } = other.address()
  await assert.rejects(open({ rtcPort: port }), isOpenError('port_in_use', /UDP and TCP/))
  other.close()
})

test('an address of another machine cannot be listened on', async () => {
  const opening = open({ listenIp: '192.0.2.1' })
  await assert.rejects(opening, isOpenError('address_unusable', /192\.0\.2\.1/))
})

test('a wildcard needs the address that viewers are told', async () => {
  await assert.rejects(open({ listenIp: '0.0.0.0' }), isOpenError('address_unusable', /announced/))
  await using relay = await open({ listenIp: '0.0.0.0', announcedAddress: '192.0.2.7' })
  relay.addCamera('gate')
  const { answerSdp } = await relay.watch('gate', chromiumOffer)
  assert.match(answerSdp, / 192\.0\.2\.7 \d+ typ host/)
})

test('offers that cannot be served are typed refusals', async () => {
  await using relay = await open()
  relay.addCamera('gate')
  const watch = (cameraId: string, offer: string) => relay.watch(cameraId, offer)
  await assert.rejects(
    watch('yard', chromiumOffer),
    isRelayError('unknown_camera', { retryable: false }),
  )
  await assert.rejects(watch('gate', 'v=0'), isRelayError('bad_offer', { retryable: false }))
  const vp8 = chromiumOffer.replaceAll('H264', 'VP9')
  await assert.rejects(watch('gate', vp8), isRelayError('no_common_codec', { retryable: false }))
  assert.equal(relay.status().viewers, 0)
})

test('each player is answered with its own payload type, on one port for UDP and TCP', async () => {
  await using relay = await open()
  using camera = relay.addCamera('gate')
  const low = libraryOffer.replaceAll(/\b96\b/g, '39')
  const answers = await Promise.all(
    [chromiumOffer, firefoxOffer, chromiumOffer, low].map((offer) => relay.watch('gate', offer)),
  )
  const sections = answers.map(({ answerSdp }) => parse(answerSdp).media[0])
  assert.deepEqual(
    sections.map((section) => section?.payloads),
    [108, 126, 108, 39],
  )
  const candidates = sections.flatMap((section) => section?.candidates ?? [])
  assert.equal(new Set(candidates.map((it) => it.port)).size, 1)
  assert.deepEqual([...new Set(candidates.map((it) => it.transport))].sort(), ['tcp', 'udp'])
  assert.equal(new Set(answers.map((it) => it.sessionId)).size, 4)
  assert.equal(camera.viewers, 4)
  assert.equal(relay.status().viewers, 4)
})

test('a session ends once on request, and a second request says there is none', async () => {
  await using relay = await open()
  using camera = relay.addCamera('gate')
  const { sessionId } = await relay.watch('gate', chromiumOffer)
  assert.equal(relay.unwatch(sessionId), true)
  assert.equal(camera.viewers, 0)
  assert.equal(relay.unwatch(sessionId), false)
  assert.equal(relay.unwatch('never-was'), false)
})

test('no more viewers than allowed, in a burst too, and a place that is left is free', async () => {
  await using relay = await open({ viewersMax: 2 })
  relay.addCamera('gate')
  relay.addCamera('yard')
  const burst = await Promise.allSettled(
    ['gate', 'yard', 'gate', 'yard'].map((camera) => relay.watch(camera, chromiumOffer)),
  )
  const answered = burst.flatMap((it) => (it.status === 'fulfilled' ? [it.value] : []))
  assert.equal(answered.length, 2)
  for (const it of burst)
    if (it.status === 'rejected') isRelayError('too_many_viewers', { retryable: true })(it.reason)
  relay.unwatch(answered[0]?.sessionId ?? '')
  await relay.watch('gate', chromiumOffer)
})

test('a player that never connects is let go after 15 s', async () => {
  const fake = new FakeClock()
  const clock: Clock = { ...systemClock, after: (delayMs, call) => fake.after(delayMs, call) }
  await using relay = await open({ clock })
  using camera = relay.addCamera('gate')
  await relay.watch('gate', chromiumOffer)
  fake.advance(14_999)
  assert.equal(camera.viewers, 1)
  fake.advance(1)
  assert.equal(camera.viewers, 0)
  assert.equal(relay.status().viewers, 0)
})

test('a removed camera ends its sessions and no others, and its id is free again', async () => {
  await using relay = await open()
  using yard = relay.addCamera('yard')
  const gate = relay.addCamera('gate')
  await relay.watch('gate', chromiumOffer)
  await relay.watch('yard', chromiumOffer)
  const joining = relay.watch('gate', firefoxOffer)
  gate[Symbol.dispose]()
  gate[Symbol.dispose]()
  await assert.rejects(joining, isRelayError('unknown_camera', { retryable: false }))
  assert.equal(gate.viewers, 0)
  assert.equal(yard.viewers, 1)
  assert.equal(relay.status().viewers, 1)
  using again = relay.addCamera('gate')
  await relay.watch('gate', chromiumOffer)
  assert.equal(again.viewers, 1)
})

test('a killed worker is replaced, its sessions are gone, cameras go on as if nothing was', async () => {
  await using relay = await open()
  using camera = relay.addCamera('gate')
  const before = await relay.watch('gate', chromiumOffer)
  const killedPid = pidOf(relay)
  process.kill(killedPid, 'SIGKILL')
  let timestamp = 0
  const send = (): void =>
    camera.send(madeStamped({ unit: madeUnit({ isKey: true }), rtpTimestamp: ++timestamp }))
  await until('the death is seen', () => {
    send()
    return !relay.status().ready
  })
  const { reason, viewers, workerPid } = relay.status()
  assert.match(reason ?? '', /the media worker ended .*SIGKILL/)
  assert.equal(viewers, 0)
  assert.equal(workerPid, null)
  assert.equal(camera.viewers, 0)
  await assert.rejects(
    relay.watch('gate', chromiumOffer),
    isRelayError('relay_restarting', { retryable: true }),
  )
  assert.equal(relay.unwatch(before.sessionId), false)

  await until('a new worker runs', () => {
    send()
    return relay.status().ready
  })
  assert.equal(relay.status().restarts, 1)
  assert.equal(relay.status().reason, null)
  assert.notEqual(pidOf(relay), killedPid)
  const after = await relay.watch('gate', chromiumOffer)
  const portOf = (sdp: string): number | undefined => parse(sdp).media[0]?.candidates?.[0]?.port
  assert.equal(portOf(after.answerSdp), portOf(before.answerSdp))
  send()
  assert.equal(camera.viewers, 1)
})

test('an offer that is under way when the worker dies is told to come again', async () => {
  await using relay = await open()
  using camera = relay.addCamera('gate')
  process.kill(pidOf(relay), 'SIGSTOP')
  const watching = relay.watch('gate', chromiumOffer)
  process.kill(pidOf(relay), 'SIGKILL')
  await assert.rejects(watching, isRelayError('relay_restarting', { retryable: true }))
  assert.equal(camera.viewers, 0)
})

test('a worker that hangs is killed and replaced', async () => {
  // Ten times the ticks: the rule counts them, not milliseconds.
  const clock: Clock = {
    ...systemClock,
    every: (periodMs, call) => systemClock.every(periodMs / 10, call),
  }
  await using relay = await open({ clock })
  const hungPid = pidOf(relay)
  process.kill(hungPid, 'SIGSTOP')
  await until('another worker runs', () => ![null, hungPid].includes(relay.status().workerPid))
  assert.equal(isRunning(hungPid), false)
})

test('closing the relay ends the worker process and leaves no signal handler', async () => {
  const listenersBefore = process.listenerCount('SIGTERM') + process.listenerCount('SIGINT')
  const relay = await open()
  const pid = pidOf(relay)
  assert.equal(process.listenerCount('SIGTERM') + process.listenerCount('SIGINT'), listenersBefore)
  relay.addCamera('gate')
  await relay.watch('gate', chromiumOffer)
  await relay[Symbol.asyncDispose]()
  await relay[Symbol.asyncDispose]()
  assert.equal(isRunning(pid), false)
  assert.equal(relay.status().ready, false)
})

test('a server that is killed takes its worker along', async () => {
  const holder = spawn(process.execPath, [join(import.meta.dirname, 'testing/hold-relay.ts')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = await once(holder.stdout, 'data')
  const pid = Number(line)
  assert.ok(isRunning(pid))
  holder.kill('SIGKILL')
  await until('the worker ends', () => !isRunning(pid))
})
