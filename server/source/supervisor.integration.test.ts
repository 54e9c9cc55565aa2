import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { before, test } from 'node:test'
import { makeCounterClip } from '#e2e/support/counter-clip.ts'
import { startRtspCamera } from '#e2e/support/rtsp-camera.ts'
import { systemClock } from '#std/clock.ts'
import { silentLog } from '#std/log.ts'
import { rtspSource } from './rtsp-source.ts'
import { scripted } from './scripted-session.ts'
import type { StampedUnit } from './stamped-unit.ts'
import { type SourceState, type SourceSupervisor, superviseSource } from './supervisor.ts'

const limitMs = 60_000
let clip = ''

before(async () => {
  clip = await makeCounterClip({ width: 640, height: 360, fps: 30, frames: 90 })
})

class Watched implements AsyncDisposable {
  readonly units: StampedUnit[] = []
  readonly states: SourceState[] = []
  readonly supervisor: SourceSupervisor

  constructor(url: string) {
    this.supervisor = superviseSource({
      open: rtspSource({ url, clock: systemClock }),
      clock: systemClock,
      random: () => 0.5,
      log: silentLog,
      listener: {
        onUnit: (stamped) => this.units.push(stamped),
        onState: (state) => this.states.push(state),
        onEpochEnd: () => {},
      },
    })
  }

  get stateNames(): string[] {
    return this.states.map(({ state }) => state)
  }

  /** The test's own limit bounds it. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise((resolve) => setTimeout(resolve, 10))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.supervisor[Symbol.asyncDispose]()
  }
}

/** Outgoing timestamps go forward by what passed between arrivals, over every seam. */
function assertContinuous(units: readonly StampedUnit[]): void {
  for (const [i, unit] of units.entries()) {
    const last = units[i - 1]
    if (last === undefined) continue
    const passedMs = ((unit.rtpTimestamp - last.rtpTimestamp) | 0) / 90
    assert.ok(passedMs > 0, 'it goes forward')
    const arrivedMs = unit.unit.arrivedAtMs - last.unit.arrivedAtMs
    if (unit.epoch !== last.epoch)
      assert.ok(Math.abs(passedMs - arrivedMs) < 1, `${passedMs} ${arrivedMs}`)
  }
}

test(
  'a camera that is cut, stopped and started again is a pause, not a jump',
  { timeout: limitMs },
  async () => {
    await using camera = await startRtspCamera({ streams: { street: { clip, fps: 30 } } })
    await using watched = new Watched(camera.url('street'))
    const inEpoch = (epoch: number): number =>
      watched.units.filter((unit) => unit.epoch === epoch).length
    await watched.until(() => inEpoch(1) > 10)
    await camera.cut()
    await watched.until(() => inEpoch(2) > 10)
    await camera.stop()
    await watched.until(() => watched.supervisor.status().code === 'unreachable')
    assert.match(watched.supervisor.status().reason ?? '', /^Nothing listens at /)
    await camera.restart()
    await watched.until(() => inEpoch(3) > 10)
    assert.deepEqual(watched.supervisor.status(), {
      state: 'live',
      code: null,
      reason: null,
      epoch: 3,
      reconnects: 2,
    })
    assertContinuous(watched.units)
    // The first epoch is the camera's own timeline.
    assert.equal(watched.units[0]?.rtpTimestamp, camera.sent[0]?.rtpTimestamp)
    assert.ok(watched.units.every(({ unit }) => !unit.isDamaged))
  },
)

test(
  'a camera that stalls is told and goes on in the same epoch',
  { timeout: limitMs },
  async () => {
    await using camera = await startRtspCamera({ streams: { street: { clip, fps: 30 } } })
    await using watched = new Watched(camera.url('street'))
    await watched.until(() => watched.units.length > 30)
    assert.ok(
      Math.abs(watched.supervisor.measuredFps - 30) < 6,
      String(watched.supervisor.measuredFps),
    )
    await camera.stall()
    await watched.until(() => watched.supervisor.status().state === 'stalled')
    await camera.resume()
    await watched.until(() => watched.supervisor.status().state === 'live')
    assert.deepEqual(watched.stateNames, ['live', 'stalled', 'live'])
    assert.deepEqual([...new Set(watched.units.map((unit) => unit.epoch))], [1])
    assertContinuous(watched.units)
  },
)

test('a wrong password is refused and asked once', { timeout: limitMs }, async () => {
  const gate = { scheme: 'digest', user: 'viewer', password: 'right' } as const
  await using camera = await startRtspCamera({ streams: { street: { clip, fps: 30 } }, gate })
  const wrong = { user: 'viewer', password: 'hunter2' }
  await using watched = new Watched(camera.urlWith(wrong, 'street'))
  await watched.until(() => watched.states.length > 0)
  assert.deepEqual(watched.stateNames, ['refused'])
  assert.equal(watched.supervisor.status().code, 'unauthorized')
  assert.doesNotMatch(watched.supervisor.status().reason ?? '', /hunter2/)
})

test(
  'a camera is told goodbye, so that it can give the session to somebody else',
  { timeout: limitMs },
  async () => {
    await using camera = await scripted({})
    {
      await using watched = new Watched(`rtsp://${camera.address}/x`)
      while (camera.urisOf('PLAY').length === 0)
        await new Promise((resolve) => setTimeout(resolve, 2))
      assert.equal(watched.states.length, 0)
    }
    while (camera.urisOf('TEARDOWN').length === 0)
      await new Promise((resolve) => setTimeout(resolve, 2))
  },
)

test(
  'a camera that takes no connection leaves none behind that is still being made',
  { timeout: limitMs, skip: process.platform !== 'linux' && 'reads /proc/net/tcp' },
  async () => {
    // A listener that accepts nobody: once its queue is full, further connections get no answer at all.
    const script =
      'import socket,sys;s=socket.socket();s.bind(("127.0.0.1",0));s.listen(0);print(s.getsockname()[1],flush=True);sys.stdin.read()'
    const listener = spawn('python3', ['-c', script], { stdio: ['pipe', 'pipe', 'inherit'] })
    const [chunk] = await once(listener.stdout, 'data')
    const port = Number(String(chunk))
    const queued = [1, 2, 3].map(() => connect(port, '127.0.0.1').on('error', () => {}))
    {
      await using watched = new Watched(`rtsp://127.0.0.1:${port}/x`)
      while (watched.states.length < 1) await new Promise((resolve) => setTimeout(resolve, 20))
      assert.equal(watched.states.at(-1)?.code, 'unreachable')
    }
    for (const socket of queued) socket.destroy()
    assert.equal(connecting(port), 0)
    listener.stdin.end()
    await once(listener, 'exit')
  },
)

/** Sockets of this machine in state SYN_SENT (02) towards a port. */
function connecting(port: number): number {
  const hex = port.toString(16).toUpperCase().padStart(4, '0')
  return readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .filter((line) => new RegExp(`:${hex} 02 `).test(line)).length
}
