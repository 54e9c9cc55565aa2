import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { Camera } from './camera.ts'
import { type CameraRig, openRigCamera, rigSps } from './camera-rig.ts'

const stepArbitrary = fc.oneof(
  { weight: 6, arbitrary: fc.constant('small' as const) },
  { weight: 1, arbitrary: fc.constant('large' as const) },
  { weight: 1, arbitrary: fc.constant('bare' as const) },
  { weight: 6, arbitrary: fc.constant('emit' as const) },
  { weight: 4, arbitrary: fc.constant('detect' as const) },
  {
    weight: 6,
    arbitrary: fc.constantFrom('superseded' as const, 'late' as const, 'paced' as const),
  },
  { weight: 1, arbitrary: fc.constantFrom('damaged' as const, 'failed' as const) },
  { weight: 1, arbitrary: fc.constant('cut' as const) },
)
type Step = typeof stepArbitrary extends fc.Arbitrary<infer T> ? T : never

/** On the newest decoder or stream that has something. */
async function take(step: Step, rig: CameraRig): Promise<void> {
  if (step === 'small' || step === 'large') return rig.frame(rigSps[step])
  if (step === 'bare') return rig.frame(null)
  if (step === 'cut') return rig.cut('ended').then(() => rig.reconnect())
  endOldest(step, rig)
}

function endOldest(step: Exclude<Step, 'small' | 'large' | 'bare' | 'cut'>, rig: CameraRig): void {
  const decoder = rig.decoders.findLast(({ held }) => held.length > 0)
  const stream = rig.streams.findLast(({ waiting }) => waiting > 0)
  if (step === 'emit') decoder?.emit()
  else if (step === 'damaged' || step === 'failed') decoder?.lose(step)
  else if (step === 'detect') stream?.detect()
  else stream?.end(step)
}

test('received is the sum of the others at every step, and what results miss adds up by kind', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(stepArbitrary, { maxLength: 60 }), async (steps) => {
      const { rig, camera } = await openRigCamera()
      for (const step of steps) {
        const told = rig.published.length
        await take(step, rig)
        checkConserved(camera)
        if (rig.published.length === told) continue
        const { received: _, inFlight: __, detected, ...lost } = camera.view().frames
        assert.equal(detected, rig.published.length)
        assert.deepEqual(missedOf(rig), lost)
      }
      await camera[Symbol.asyncDispose]()
      checkConserved(camera)
      assert.equal(camera.view().frames.inFlight, 0)
      assert.ok(rig.decoders.every(({ leased }) => leased === 0))
    }),
    { numRuns: 60 },
  )
})

/** Over all results so far. */
function missedOf(rig: CameraRig): object {
  const sum = { superseded: 0, late: 0, paced: 0, damaged: 0, failed: 0 }
  for (const { missed } of rig.published)
    for (const kind of ['superseded', 'late', 'paced', 'damaged', 'failed'] as const)
      sum[kind] += missed[kind]
  return sum
}

test('frames that gave way or came late are told as such, and not as paced', async () => {
  const { rig, camera } = await openRigCamera()
  for (const kind of ['superseded', 'late', 'late'] as const) {
    rig.frame()
    rig.decoder.emit()
    rig.stream.end(kind)
  }
  for (let i = 0; i < 2; i++) {
    rig.frame()
    rig.decoder.emit()
    rig.stream.detect()
  }
  const nothing = { superseded: 0, late: 0, paced: 0, damaged: 0, failed: 0 }
  assert.deepEqual(
    rig.published.map(({ missed }) => missed),
    [{ ...nothing, superseded: 1, late: 2 }, nothing],
  )
  await camera[Symbol.asyncDispose]()
})

function checkConserved(camera: Camera): void {
  const { received, ...others } = camera.view().frames
  const sum = Object.values(others).reduce((total, count) => total + count)
  assert.equal(received, sum, JSON.stringify(camera.view().frames))
}
