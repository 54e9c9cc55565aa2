import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Camera } from './camera.ts'
import { type CameraRig, openRigCamera, rigSps } from './camera-rig.ts'
import { outcomes } from './frame-ledger.ts'

function delta(rig: CameraRig): void {
  rig.frame(rigSps.small, { isKey: false })
}

/** A camera in the middle of a GOP whose model has just been replaced by one that wants other pixels. */
async function outdatedCamera() {
  const { rig, camera } = await openRigCamera()
  rig.frame()
  delta(rig)
  const [decoder] = rig.decoders
  const [stream] = rig.streams
  assert.ok(decoder !== undefined && stream !== undefined)
  stream.outdate()
  return { rig, camera, old: { decoder, stream } }
}

function assertConserved(camera: Camera, received: number): void {
  const { frames } = camera.view()
  assert.equal(frames.received, received)
  assert.equal(
    outcomes.reduce((sum, outcome) => sum + frames[outcome], frames.inFlight),
    received,
  )
}

describe('a model that wants other pixels', () => {
  test('gets them from the next key frame on; what came before goes the old way, and nothing is lost', async () => {
    const { rig, camera, old } = await outdatedCamera()
    delta(rig)
    assert.equal(rig.decoders.length, 1)
    assert.equal(old.decoder.held.length, 3)
    rig.frame()
    delta(rig)
    assert.equal(rig.decoders.length, 2)
    assert.equal(old.decoder.held.length, 3)
    assert.equal(rig.decoder.held.length, 2)
    for (let i = 0; i < 3; i++) {
      old.decoder.emit()
      old.stream.detect()
    }
    await rig.settle()
    assert.deepEqual(rig.journal, ['decoder', 'stream'], 'the old one has ended')
    for (let i = 0; i < 2; i++) {
      rig.decoder.emit()
      rig.stream.detect()
    }
    const stamps = rig.published.map(({ rtpTimestamp }) => rtpTimestamp)
    assert.equal(new Set(stamps).size, 5)
    const { detected, inFlight } = camera.view().frames
    assert.deepEqual([detected, inFlight], [5, 0])
    assertConserved(camera, 5)
    await camera[Symbol.asyncDispose]()
  })

  test('does not get them from a key frame of which packets are missing', async () => {
    const { rig, camera } = await outdatedCamera()
    rig.frame(rigSps.small, { isDamaged: true })
    assert.equal(rig.decoders.length, 1)
    rig.frame()
    assert.equal(rig.decoders.length, 2)
    await camera[Symbol.asyncDispose]()
  })

  test('never has a result of the old decoder told after one of the new: that one is superseded', async () => {
    const { rig, camera, old } = await outdatedCamera()
    rig.frame()
    const [first, second] = [...old.decoder.held, ...rig.decoder.held].map(
      ({ rtpTimestamp }) => rtpTimestamp,
    )
    old.decoder.emit()
    old.stream.detect()
    old.decoder.emit()
    rig.decoder.emit()
    rig.stream.detect()
    old.stream.detect()
    const told = rig.published.map(({ rtpTimestamp }) => rtpTimestamp)
    assert.equal(told.length, 2)
    assert.equal(told[0], first)
    assert.ok(!told.includes(second ?? -1))
    const { detected, superseded, inFlight } = camera.view().frames
    assert.deepEqual(
      { detected, superseded, inFlight },
      { detected: 2, superseded: 1, inFlight: 0 },
    )
    assert.equal(old.decoder.leased, 0)
    await camera[Symbol.asyncDispose]()
  })

  test('does not wait longer than half a minute for a key frame', async () => {
    const { rig, camera, old } = await outdatedCamera()
    for (let i = 0; i < 740; i++) delta(rig)
    assert.equal(rig.decoders.length, 1)
    for (let i = 0; i < 40; i++) delta(rig)
    assert.equal(rig.decoders.length, 2, 'it has to find its own way in')
    assert.equal(rig.decoder.held.length + old.decoder.held.length, 782)
    assertConserved(camera, 782)
    await camera[Symbol.asyncDispose]()
  })

  test('need not wait for a camera that is away', async () => {
    const { rig, camera } = await openRigCamera()
    rig.frame()
    await rig.cut('ended')
    rig.stream.outdate()
    await rig.settle()
    assert.deepEqual(rig.journal.slice(-2), ['decoder', 'stream'])
    await rig.reconnect()
    rig.frame()
    assert.equal(rig.decoders.length, 2)
    await camera[Symbol.asyncDispose]()
  })

  test('has its decoder when a camera that went away meanwhile comes back', async () => {
    const { rig, camera, old } = await outdatedCamera()
    await rig.cut('ended')
    assert.equal(old.decoder.resets, 0, 'what it has may still come to its end')
    await rig.reconnect()
    rig.frame()
    assert.equal(rig.decoders.length, 2)
    await camera[Symbol.asyncDispose]()
  })

  test('gets one new decoder, however often it is replaced before the key frame', async () => {
    const { rig, camera, old } = await outdatedCamera()
    old.stream.outdate()
    rig.frame()
    rig.frame()
    assert.equal(rig.decoders.length, 2)
    rig.stream.outdate()
    rig.frame()
    assert.equal(rig.decoders.length, 3)
    await camera[Symbol.asyncDispose]()
  })

  test('is served by the decoder of a new picture size, should the size change first', async () => {
    const { rig, camera } = await outdatedCamera()
    rig.frame(rigSps.large)
    assert.equal(rig.decoders.length, 2)
    for (let i = 0; i < 800; i++) rig.frame(rigSps.large)
    assert.equal(rig.decoders.length, 2)
    await camera[Symbol.asyncDispose]()
  })
})

describe('the old decoder', () => {
  test('that holds on to a frame is closed a second after the budget; the frame has failed', async () => {
    const { rig, camera, old } = await outdatedCamera()
    rig.frame()
    old.decoder.emit()
    old.stream.detect()
    rig.clock.advance(1_199)
    await rig.settle()
    assert.deepEqual(rig.journal, [])
    rig.clock.advance(1)
    await rig.settle()
    assert.deepEqual(rig.journal, ['decoder', 'stream'])
    assert.equal(camera.view().frames.failed, 1)
    await camera[Symbol.asyncDispose]()
  })

  test('that is still ending when the camera is removed ends with it', async () => {
    const { rig, camera, old } = await outdatedCamera()
    rig.frame()
    old.decoder.emit()
    await camera[Symbol.asyncDispose]()
    assert.ok(rig.streams.every(({ isOpen }) => !isOpen))
    assert.equal(camera.view().frames.inFlight, 0)
    assertConserved(camera, 3)
    assert.equal(rig.clock.pendingCount, 0)
  })
})
