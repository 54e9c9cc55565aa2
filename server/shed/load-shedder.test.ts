import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DetectRate, ShedReason, ShedTick } from '#gpu/shedding.ts'
import { FakeClock } from '#std/fake-clock.ts'
import { silentLog } from '#std/log.ts'
import { openLoadShedder, type SheddableCamera } from './load-shedder.ts'

interface RigCamera extends SheddableCamera {
  detected: number
  decided: { detectFps: number; reason: ShedReason } | null
}

/** A shedder of one camera, whose controller answers what the test says. */
function rig() {
  const clock = new FakeClock()
  const door: RigCamera = {
    cameraId: 'door',
    weight: 2,
    configuredFps: 10,
    arrivalFps: 25,
    detected: 100,
    decided: null,
  }
  const state = {
    clock,
    door,
    cameras: [door],
    ticks: [] as ShedTick[],
    decided: [] as string[],
    rate: { detectFps: 10, reason: null } as Omit<DetectRate, 'streamId'>,
    busyMs: 0,
    ageRatio: 0.5,
  }
  const shedder = openLoadShedder({
    clock,
    log: silentLog,
    controller: {
      tick(tick) {
        state.ticks.push(tick)
        return tick.streams.map(({ streamId }) => ({ streamId, ...state.rate }))
      },
    },
    cameras: {
      loads: () => state.cameras,
      decideRate(_, rate) {
        state.decided.push(rate === null ? 'as configured' : `${rate.detectFps} ${rate.reason}`)
        door.decided = rate
      },
    },
    detector: { sessions: () => [{ busyMs: state.busyMs }] },
    takeWorstAgeRatio: () => state.ageRatio,
  })
  return Object.assign(state, { shedder })
}

test('the controller is told once a second what the device and the cameras did in it', () => {
  const { clock, door, ticks, ...state } = rig()
  clock.advance(1000)
  door.detected = 107
  state.shedder[Symbol.dispose]()
  clock.advance(5000)
  assert.equal(ticks.length, 1)
  assert.deepEqual(ticks[0]?.streams, [
    {
      streamId: 'door',
      weight: 2,
      configuredFps: 10,
      arrivalFps: 25,
      detectedFps: 0,
      ageRatio: 0.5,
    },
  ])
})

test('results and utilisation are those since the last tick', () => {
  const shed = rig()
  using _ = shed.shedder
  shed.clock.advance(1000)
  shed.door.detected = 107
  shed.busyMs = 900
  shed.clock.advance(1000)
  assert.equal(shed.ticks[1]?.streams[0]?.detectedFps, 7)
  assert.equal(shed.ticks[1]?.utilization, 0.9)
  // Added again under its id.
  shed.door.detected = 3
  shed.clock.advance(1000)
  assert.equal(shed.ticks[2]?.streams[0]?.detectedFps, 0)
})

test('a rate is set when it changes, and given back once', () => {
  const shed = rig()
  using _ = shed.shedder
  shed.clock.advance(2000)
  assert.deepEqual(shed.decided, [])
  shed.rate = { detectFps: 10, reason: 'inference_capacity' }
  shed.clock.advance(2000)
  shed.rate = { detectFps: 8, reason: 'age_over_target' }
  shed.clock.advance(2000)
  shed.rate = { detectFps: 6.4, reason: 'age_over_target' }
  shed.clock.advance(1000)
  shed.rate = { detectFps: 10, reason: null }
  shed.clock.advance(2000)
  assert.deepEqual(shed.decided, [
    '10 inference_capacity',
    '8 age_over_target',
    '6.4 age_over_target',
    'as configured',
  ])
})

test('a camera that was added again under its id is told the rate of its predecessor anew', () => {
  const shed = rig()
  using _ = shed.shedder
  shed.rate = { detectFps: 8, reason: 'age_over_target' }
  shed.clock.advance(1000)
  shed.door.decided = null
  shed.clock.advance(1000)
  assert.deepEqual(shed.decided, ['8 age_over_target', '8 age_over_target'])
})
