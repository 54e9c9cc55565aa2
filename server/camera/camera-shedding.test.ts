import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type CameraRig, openRigCamera, rigConfig, rigSps } from './camera-rig.ts'

/** A camera of 25 fps that was watched for a second, detected at up to 10 fps. */
async function liveCamera(): Promise<Awaited<ReturnType<typeof openRigCamera>>> {
  const opened = await openRigCamera(rigConfig('door'))
  for (let i = 0; i < 30; i++) opened.rig.frame()
  return opened
}
const told = (rig: CameraRig) => {
  const { effectiveFps, shed, reason } = rig.announced.at(-1) ?? {}
  return { effectiveFps, shed, reason }
}
const seven = { detectFps: 7, reason: 'age_over_target' } as const
const shedToSeven = {
  effectiveFps: 7,
  shed: { reason: 'cameras of more weight come first' },
  reason: '7 of 10 fps: cameras of more weight come first',
}
const whole = { effectiveFps: 10, shed: null, reason: null }

test('a lowered rate is in force and told at once, to subscribers and in the view alike', async () => {
  const { rig, camera } = await liveCamera()
  const messages = rig.announced.length
  camera.decideRate(seven)
  assert.deepEqual(rig.stream.detectRates, [7])
  assert.equal(rig.announced.length, messages + 1)
  assert.deepEqual(told(rig), shedToSeven)
  const { effectiveFps, shed, reason } = camera.view()
  assert.deepEqual({ effectiveFps, shed, reason }, shedToSeven)
  camera.decideRate(seven)
  assert.equal(rig.announced.length, messages + 1)
  await camera[Symbol.asyncDispose]()
})

test('given back, it is the configured one again', async () => {
  const { rig, camera } = await liveCamera()
  camera.decideRate(seven)
  camera.decideRate(null)
  assert.deepEqual(rig.stream.detectRates, [7, 10])
  assert.deepEqual(told(rig), whole)
  await camera[Symbol.asyncDispose]()
})

test('a new picture size keeps the lowered rate', async () => {
  const { rig, camera } = await liveCamera()
  camera.decideRate(seven)
  rig.frame(rigSps.large)
  assert.equal(rig.streams.length, 2)
  assert.equal(rig.stream.configuredFps, 7)
  await camera[Symbol.asyncDispose]()
})

test('a rate above the camera’s own is not shed', async () => {
  const { rig, camera } = await liveCamera()
  camera.decideRate({ detectFps: 26, reason: 'age_over_target' })
  assert.deepEqual(told(rig), whole)
  await camera[Symbol.asyncDispose]()
})

test('what it asks of the device is its rates and weight; nothing while it is away', async () => {
  const { rig, camera } = await liveCamera()
  const load = { weight: 1, configuredFps: 10, detected: 0, decided: null }
  assert.deepEqual(camera.load(), { ...load, arrivalFps: 25 })
  await rig.cut('no_data')
  assert.deepEqual(camera.load(), { ...load, arrivalFps: 0 })
  await camera[Symbol.asyncDispose]()
})
