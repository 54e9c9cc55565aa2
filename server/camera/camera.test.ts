import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { openRigCamera, rigSps } from './camera-rig.ts'

describe('units that nothing can be made of', () => {
  test('without parameter sets are damaged, and no decoder is opened for them', async () => {
    const { rig, camera } = await openRigCamera()
    rig.frame(null)
    rig.frame(null)
    assert.equal(rig.decoders.length, 0)
    assert.equal(camera.view().frames.damaged, 2)
    assert.equal(camera.view().codec, null)
    assert.equal(rig.lane.sent, 2, 'viewers get what the camera sends')
    rig.frame()
    assert.equal(rig.decoders.length, 1)
    await camera[Symbol.asyncDispose]()
  })

  test('with parameter sets that cannot be read neither', async () => {
    const { rig, camera } = await openRigCamera()
    rig.frame(Buffer.from('6742', 'hex'))
    assert.equal(rig.decoders.length, 0)
    assert.equal(camera.view().frames.damaged, 1)
    await camera[Symbol.asyncDispose]()
  })

  for (const loss of ['damaged', 'failed'] as const)
    test(`are ${loss} when the decoder says so`, async () => {
      const { rig, camera } = await openRigCamera()
      rig.frame()
      assert.equal(camera.view().frames.inFlight, 1)
      rig.decoder.lose(loss)
      assert.equal(camera.view().frames[loss], 1)
      assert.equal(camera.view().frames.inFlight, 0)
      await camera[Symbol.asyncDispose]()
    })
})

describe('a frame of the model', () => {
  for (const kind of ['superseded', 'late', 'paced', 'failed'] as const)
    test(`that ends as ${kind} is counted so, is given back and is told to nobody`, async () => {
      const { rig, camera } = await openRigCamera()
      rig.frame()
      rig.decoder.emit()
      assert.equal(rig.decoder.leased, 1)
      rig.stream.end(kind)
      assert.equal(rig.decoder.leased, 0)
      const { inFlight, received, ...ends } = camera.view().frames
      assert.deepEqual([received, inFlight], [1, 0])
      const nothing = { detected: 0, superseded: 0, late: 0, paced: 0, damaged: 0, failed: 0 }
      assert.deepEqual(ends, { ...nothing, [kind]: 1 })
      assert.deepEqual(rig.published, [])
      assert.deepEqual(rig.delivered, [])
      await camera[Symbol.asyncDispose]()
    })

  test('that is detected is published with its own timestamps, and stamped once it is written', async () => {
    const { rig, camera } = await openRigCamera()
    rig.frame()
    const [unit] = rig.decoder.held
    assert.ok(unit !== undefined)
    rig.decoder.emit()
    rig.clock.advance(8)
    const dispatchedAtMs = rig.clock.nowMs()
    rig.stream.detect()
    const [result] = rig.published
    assert.equal(rig.published.length, 1)
    assert.equal(result?.epoch, 1)
    assert.equal(result.rtpTimestamp, unit.rtpTimestamp)
    assert.equal(result.cameraRtpTimestamp, unit.unit.rtpTimestamp)
    assert.deepEqual(result.frame, { width: 640, height: 360 })
    assert.equal(rig.decoder.leased, 0)

    assert.deepEqual(rig.delivered, [], 'nothing is written before the turn ends')
    rig.clock.advance(2)
    await rig.settle()
    assert.deepEqual(rig.delivered, [
      {
        capturedAtMs: unit.capturedAtMs,
        arrivedAtMs: unit.unit.arrivedAtMs,
        decodedAtMs: unit.unit.arrivedAtMs + 3.004,
        dispatchedAtMs,
        inferredAtMs: dispatchedAtMs + 10,
        postedAtMs: dispatchedAtMs + 11,
        publishedAtMs: dispatchedAtMs + 2,
      },
    ])
    await camera[Symbol.asyncDispose]()
  })

  test('is due early enough for its result to be written within the budget', async () => {
    const { rig, camera } = await openRigCamera()
    rig.frame()
    const [unit] = rig.decoder.held
    rig.decoder.emit()
    assert.deepEqual(rig.stream.deadlinesAtMs, [(unit?.capturedAtMs ?? 0) + 200 - 5])
    await camera[Symbol.asyncDispose]()
  })
})

describe('a camera that changes its picture size', () => {
  test('gets another decoder; what the old one still holds ends as failed', async () => {
    const { rig, camera } = await openRigCamera()
    rig.frame()
    rig.frame()
    rig.frame(rigSps.large)
    assert.deepEqual(
      rig.decoders.map(({ geometry }) => [geometry.width, geometry.height]),
      [
        [320, 180],
        [640, 360],
      ],
    )
    await rig.settle()
    assert.equal(camera.view().frames.failed, 2)
    assert.equal(camera.view().frames.inFlight, 1)
    assert.deepEqual(rig.journal, ['decoder', 'stream'])
    assert.deepEqual(camera.view().codec, {
      name: 'H264',
      profile: 'Main',
      width: 1280,
      height: 720,
    })
    await camera[Symbol.asyncDispose]()
  })

  test('has results of the old one, while that closes, in the old size', async () => {
    const { rig, camera } = await openRigCamera()
    rig.frame()
    const [old] = rig.decoders
    assert.ok(old !== undefined)
    old.emit()
    old.lingers = true
    rig.frame(rigSps.large)
    rig.decoder.emit()
    rig.streams[0]?.detect()
    rig.streams[1]?.detect()
    assert.deepEqual(
      rig.published.map(({ frame }) => frame.width),
      [640, 1280],
    )
    old.gone()
    await rig.settle()
    assert.equal(rig.streams[0]?.isOpen, false)
    await camera[Symbol.asyncDispose]()
  })

  test('gets another decoder too where only the width changes', async () => {
    const { rig, camera } = await openRigCamera()
    rig.frame(rigSps.small)
    rig.frame(rigSps.narrow)
    assert.deepEqual(
      rig.decoders.map(({ geometry }) => geometry.width),
      [320, 240],
    )
    await camera[Symbol.asyncDispose]()
  })

  test('keeps its decoder while parameter sets are repeated in other buffers', async () => {
    const { rig, camera } = await openRigCamera()
    rig.frame()
    rig.frame(Buffer.from(rigSps.small))
    assert.equal(rig.decoders.length, 1)
    await camera[Symbol.asyncDispose]()
  })
})

test('its view hides the password and says what it was given', async () => {
  const { camera } = await openRigCamera()
  const view = camera.view()
  assert.doesNotMatch(JSON.stringify(view), /secret/)
  assert.equal(view.name, 'door')
  assert.equal(view.managedBy, 'api')
  assert.equal(view.persisted, false)
  await camera[Symbol.asyncDispose]()
})

test('its objective is that of its configuration', async () => {
  const { rig, camera } = await openRigCamera()
  assert.deepEqual(rig.objectives, [
    { cameraId: 'door', detectFps: 10, latencyBudgetMs: 200, weight: 1 },
  ])
  await camera[Symbol.asyncDispose]()
})
