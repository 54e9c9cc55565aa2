import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Camera } from './camera.ts'
import { CameraRig, openRigCamera, rigConfig, rigSps } from './camera-rig.ts'

describe('connections', () => {
  test('that end reset the decoder, and comebacks are counted by why', async () => {
    const { rig, camera } = await openRigCamera()
    rig.frame()
    await rig.cut('ended')
    assert.equal(rig.decoder.resets, 1)
    assert.equal(camera.view().frames.damaged, 1)
    assert.deepEqual([...camera.reconnects], [], 'not back yet')
    for (const code of ['no_data', 'no_data'] as const) {
      await rig.reconnect()
      rig.frame()
      await rig.cut(code)
    }
    await rig.reconnect()
    rig.frame()
    assert.deepEqual(Object.fromEntries(camera.reconnects), { ended: 1, no_data: 2 })
    assert.equal(camera.view().reconnects, 3)
    assert.equal(camera.view().epoch, 4)
    assert.equal(rig.decoders.length, 1, 'one decoder over all of them')
    await camera[Symbol.asyncDispose]()
  })

  test('that fall silent and go on are no comeback', async () => {
    const { rig, camera } = await openRigCamera()
    rig.frame()
    await rig.cut('ended')
    await rig.reconnect()
    for (let i = 0; i < 10; i++) rig.frame()
    rig.clock.advance(1500)
    assert.equal(camera.view().state, 'stalled')
    rig.frame()
    assert.equal(camera.view().state, 'live')
    assert.deepEqual(Object.fromEntries(camera.reconnects), { ended: 1 })
    assert.equal(camera.view().reconnects, 1)
    await camera[Symbol.asyncDispose]()
  })

  test('results say of which connection they are', async () => {
    const { rig, camera } = await openRigCamera()
    for (let epoch = 1; epoch <= 3; epoch++) {
      rig.frame()
      rig.decoder.emit()
      rig.stream.detect()
      await rig.cut('ended')
      await rig.reconnect()
    }
    assert.deepEqual(
      rig.published.map(({ epoch }) => epoch),
      [1, 2, 3],
    )
    await camera[Symbol.asyncDispose]()
  })
})

describe('announcements', () => {
  test('are made when something changed, and at no other time', async () => {
    const { rig, camera } = await openRigCamera()
    const states = (): string[] => rig.announced.map(({ state }) => state)
    assert.deepEqual(states(), ['connecting'])
    for (let i = 0; i < 50; i++) rig.frame()
    const last = rig.announced.at(-1)
    assert.deepEqual(new Set(states()), new Set(['connecting', 'live']))
    assert.equal(last?.measuredFps, 25)
    assert.equal(last.effectiveFps, 10)
    assert.deepEqual(last.codec, {
      name: 'H264',
      profile: 'Constrained Baseline',
      width: 640,
      height: 360,
    })
    const told = rig.announced.length
    for (let i = 0; i < 500; i++) rig.frame()
    assert.equal(rig.announced.length, told, 'twenty seconds of the same are not told')
    await camera[Symbol.asyncDispose]()
  })

  for (const [detectFps, betweenMs, expected] of [
    [10, 40, 10],
    [10, 200, 5],
    [0, 40, 25],
  ] as const)
    test(`say ${expected} fps where ${detectFps || 'all'} are wanted, one every ${betweenMs} ms`, async () => {
      const { rig, camera } = await openRigCamera({ ...rigConfig(), detectFps })
      for (let i = 0; i < 100; i++) {
        rig.clock.advance(betweenMs - 40)
        rig.frame()
      }
      assert.equal(rig.announced.at(-1)?.effectiveFps, expected)
      assert.equal(camera.view().effectiveFps, expected)
      await camera[Symbol.asyncDispose]()
    })

  test('say within a second that somebody watches', async () => {
    const { rig, camera } = await openRigCamera()
    assert.equal(rig.announced.at(-1)?.relay, 'idle')
    rig.lane.viewers = 2
    rig.clock.advance(1000)
    assert.equal(rig.announced.at(-1)?.relay, 'passthrough')
    assert.equal(camera.view().viewers, 2)
    await camera[Symbol.asyncDispose]()
  })

  test('say why it is not live, and the objectives do not count that time', async () => {
    const { rig, camera } = await openRigCamera()
    rig.frame()
    await rig.cut('no_data')
    const last = rig.announced.at(-1)
    assert.deepEqual([last?.state, last?.code], ['connecting', 'no_data'])
    assert.equal(last?.reason, 'It is no_data.')
    assert.deepEqual(rig.isLive, [true, false])
    await camera[Symbol.asyncDispose]()
  })
})

describe('closing', () => {
  test('goes from the source on, so that nothing is sent to what is gone, and ends every frame', async () => {
    const { rig, camera } = await openRigCamera()
    rig.frame()
    rig.frame()
    rig.decoder.emit()
    await camera[Symbol.asyncDispose]()
    assert.deepEqual(rig.journal, ['source', 'relay', 'decoder', 'stream', 'publisher', 'slo'])
    const { inFlight, damaged, failed } = camera.view().frames
    // In the decoder: cut with the source. At the model: its stream is gone.
    assert.deepEqual({ inFlight, damaged, failed }, { inFlight: 0, damaged: 1, failed: 1 })
    assert.equal(rig.decoder.leased, 0)
    assert.equal(rig.clock.pendingCount, 0)
  })

  test('waits for decoders of earlier picture sizes', async () => {
    const { rig, camera } = await openRigCamera()
    rig.frame()
    const old = rig.decoder
    old.lingers = true
    rig.frame(rigSps.large)
    let isClosed = false
    const closed = camera[Symbol.asyncDispose]().finally(() => (isClosed = true))
    await rig.settle()
    assert.equal(isClosed, false)
    old.gone()
    await closed
    assert.ok(rig.streams.every(({ isOpen }) => !isOpen))
  })

  test('before the camera ever connected leaves nothing behind', async () => {
    const rig = new CameraRig()
    const camera = new Camera(rigConfig(), 'api', rig.parts)
    await camera[Symbol.asyncDispose]()
    assert.equal(rig.clock.pendingCount, 0)
    assert.equal(rig.decoders.length, 0)
  })

  test('twice is harmless', async () => {
    const { rig, camera } = await openRigCamera()
    rig.frame()
    await camera[Symbol.asyncDispose]()
    const told = rig.announced.length
    await camera[Symbol.asyncDispose]()
    rig.clock.advance(60_000)
    assert.equal(rig.announced.length, told)
    assert.equal(rig.journal.filter((entry) => entry === 'decoder').length, 1)
  })
})
