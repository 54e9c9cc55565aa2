import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { makeCounterClip } from '#e2e/support/counter-clip.ts'
import { startRtspCamera } from '#e2e/support/rtsp-camera.ts'
import { systemClock } from '#std/clock.ts'
import { silentLog } from '#std/log.ts'
import { rtspSource } from './rtsp-source.ts'
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
