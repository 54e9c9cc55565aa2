import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { DecoderRig, rigParameterSets } from './decoder-rig.ts'

test('units before the first key frame are damaged, and no child is started for them', () => {
  const rig = new DecoderRig()
  assert.deepEqual(rig.of(rig.push(), rig.push()), ['damaged', 'damaged'])
  assert.equal(rig.children.length, 0)
  assert.equal(rig.decoder.pid, null)
  rig.push({ isKey: true })
  assert.equal(rig.decoder.pid, 100)
})

test('damage lasts until the next undamaged key frame', () => {
  const rig = new DecoderRig()
  const units = [
    rig.push({ isKey: true }),
    rig.push({ isDamaged: true }),
    rig.push(),
    rig.push({ isKey: true, isDamaged: true }),
    rig.push(),
    rig.push({ isKey: true }),
    rig.push(),
  ]
  rig.child.emit(0)
  rig.child.emit(1)
  rig.child.emit(2)
  const lost = Array.from({ length: 4 }, () => 'damaged')
  assert.deepEqual(rig.of(...units), ['frame', ...lost, 'frame', 'frame'])
})

test('a key frame without parameter sets cannot start anything', () => {
  const rig = new DecoderRig()
  const bare = { isKey: true, parameterSets: { sps: [], pps: [] } }
  assert.deepEqual(rig.of(rig.push(bare), rig.push()), ['damaged', 'damaged'])
  assert.equal(rig.children.length, 0)
})

test('a child that dies fails what is in it; the next key frame starts another at once', () => {
  const rig = new DecoderRig()
  const units = [rig.push({ isKey: true }), rig.push(), rig.push()]
  rig.child.emit(0)
  rig.child.die()
  units.push(rig.push(), rig.push({ isKey: true }))
  assert.deepEqual(rig.of(...units), ['frame', 'failed', 'failed', 'failed', 'outstanding'])
  assert.equal(rig.restarts, 1)
  assert.equal(rig.children.length, 2)
  rig.child.emit(0)
  assert.deepEqual(rig.of(...units).at(-1), 'frame')
})

test('a child that dies again and again is started ever more rarely', () => {
  const rig = new DecoderRig()
  let refused = 0
  for (let i = 0; i < 100; i++) {
    const children = rig.children.length
    const unit = rig.push({ isKey: true })
    if (rig.children.length > children) rig.child.die()
    else refused++
    assert.deepEqual(rig.of(unit), ['failed'])
    rig.clock.advance(100)
  }
  // At 0 and 0 ms after the first, then 0.25, 0.5, 1, 2, 4 s apart, seen in steps of 0.1 s.
  assert.equal(rig.children.length, 7)
  assert.equal(refused, 93)
})

test('a unit that ffmpeg swallowed fails when a later one comes out', () => {
  const rig = new DecoderRig()
  const units = [rig.push({ isKey: true }), rig.push(), rig.push()]
  rig.child.emit(2)
  assert.deepEqual(rig.of(...units), ['failed', 'failed', 'frame'])
  rig.child.emit(1)
  assert.equal(rig.held.length, 1)
})

test('a child that takes units and gives nothing is ended after 5 s', () => {
  const rig = new DecoderRig()
  const units = [rig.push({ isKey: true }), rig.push()]
  rig.clock.advance(4000)
  assert.equal(rig.child.isClosed, false)
  rig.clock.advance(2000)
  assert.equal(rig.child.isClosed, true)
  assert.deepEqual(rig.of(...units), ['failed', 'failed'])
  assert.equal(rig.restarts, 1)
})

test('silence while nothing is outstanding is nobody’s fault', () => {
  const rig = new DecoderRig()
  rig.push({ isKey: true })
  rig.child.emit(0)
  rig.clock.advance(60_000)
  rig.push()
  rig.clock.advance(4000)
  assert.equal(rig.child.isClosed, false)
})

test('a child that is behind gets nothing until it has caught up and a key frame comes', () => {
  const rig = new DecoderRig()
  const units = [rig.push({ isKey: true })]
  rig.child.queuedBytes = 1024 * 1024 + 1
  units.push(rig.push(), rig.push({ isKey: true }))
  rig.child.queuedBytes = 0
  units.push(rig.push(), rig.push({ isKey: true }))
  const lost = ['failed', 'failed', 'failed']
  assert.deepEqual(rig.of(...units), ['outstanding', ...lost, 'outstanding'])
  assert.deepEqual(new Set(rig.reasons), new Set(['the decoder is behind']))
  assert.equal(rig.children.length, 1)
})

test('no more units than the bound are outstanding', () => {
  const rig = new DecoderRig({ outstandingMax: 4 })
  const units = [rig.push({ isKey: true }), ...Array.from({ length: 9 }, () => rig.push())]
  assert.equal(rig.of(...units).filter((outcome) => outcome === 'outstanding').length, 4)
})

test('a cut gives up what is in the child, keeps the child and waits for a key frame', () => {
  const rig = new DecoderRig()
  const units = [rig.push({ isKey: true }), rig.push()]
  rig.child.begin(0)
  rig.decoder.reset()
  assert.deepEqual(rig.of(...units), ['damaged', 'damaged'])
  rig.child.finish()
  rig.child.emit(1)
  assert.equal(rig.held.length, 0)
  units.push(rig.push(), rig.push({ isKey: true }))
  rig.child.emit(2)
  assert.deepEqual(rig.of(...units), ['damaged', 'damaged', 'damaged', 'frame'])
  assert.equal(rig.children.length, 1)
})

test('a listener that keeps every frame loses the next ones and nothing is overwritten', () => {
  const rig = new DecoderRig()
  const units = [rig.push({ isKey: true }), ...Array.from({ length: 4 }, () => rig.push())]
  for (let i = 0; i < 4; i++) rig.child.emit(i)
  rig.release()
  rig.child.emit(4)
  rig.checkHeld()
  assert.deepEqual(rig.of(...units), ['frame', 'frame', 'frame', 'failed', 'frame'])
})

test('changed parameter sets reach the child once', () => {
  const rig = new DecoderRig()
  rig.push({ isKey: true })
  rig.push()
  assert.equal(rig.child.headers, 1)
  const changed = { ...rigParameterSets, pps: [Buffer.from([0x68, 2])] }
  rig.push({ isKey: true, parameterSets: changed })
  rig.push({ parameterSets: changed })
  assert.equal(rig.child.headers, 2)
})

test('a child whose numbers are used up is replaced at a key frame', () => {
  const rig = new DecoderRig({ unitsMax: 3 })
  const units = [rig.push({ isKey: true }), rig.push(), rig.push(), rig.push()]
  assert.equal(rig.children.length, 1)
  for (let i = 0; i < 4; i++) rig.child.emit(i)
  units.push(rig.push({ isKey: true }))
  assert.equal(rig.children.length, 2)
  rig.release()
  rig.child.emit(0)
  assert.equal(rig.of(...units).at(-1), 'frame')
  assert.equal(rig.restarts, 0)
})

test('disposing ends the child, fails what is in it, and whatever is pushed later', async () => {
  const rig = new DecoderRig()
  const units = [rig.push({ isKey: true })]
  await rig.decoder[Symbol.asyncDispose]()
  units.push(rig.push({ isKey: true }))
  assert.deepEqual(rig.of(...units), ['failed', 'failed'])
  assert.equal(rig.child.isClosed, true)
  assert.equal(rig.clock.pendingCount, 0)
  await rig.decoder[Symbol.asyncDispose]()
})

type Step = (rig: DecoderRig) => void

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.constant<Step>((rig) => void rig.push()) },
  { weight: 3, arbitrary: fc.constant<Step>((rig) => void rig.push({ isKey: true })) },
  fc.constant<Step>((rig) => void rig.push({ isDamaged: true, isKey: true })),
  fc.constant<Step>((rig) => rig.decoder.reset()),
  fc.constant<Step>((rig) => rig.children.at(-1)?.die()),
  { weight: 3, arbitrary: fc.constant<Step>((rig) => rig.release()) },
  fc.integer({ min: 1, max: 7000 }).map(
    (ms): Step =>
      (rig) =>
        rig.clock.advance(ms),
  ),
  fc.boolean().map((isBehind): Step => (rig) => {
    const child = rig.children.at(-1)
    if (child) child.queuedBytes = isBehind ? 2 ** 21 : 0
  }),
  fc.nat(12).map(
    (number): Step =>
      (rig) =>
        rig.children.at(-1)?.begin(number),
  ),
  fc.constant<Step>((rig) => rig.children.at(-1)?.finish()),
  {
    weight: 6,
    arbitrary: fc.nat(12).map(
      (n): Step =>
        (rig) =>
          rig.children.at(-1)?.emit(n),
    ),
  },
  // Also children that were replaced may still speak.
  fc.nat(12).map(
    (number): Step =>
      (rig) =>
        rig.children[0]?.listener.onFrameEnd(number),
  ),
)

test('whatever the child does, each unit ends exactly once and no held frame changes', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyStep, { maxLength: 80 }), async (steps) => {
      const rig = new DecoderRig({ outstandingMax: 5, unitsMax: 9 })
      for (const step of steps) {
        step(rig)
        rig.checkHeld()
      }
      while (rig.held.length > 0) rig.release()
      await rig.decoder[Symbol.asyncDispose]()
      for (const outcomes of rig.outcomes.values()) assert.equal(outcomes.length, 1)
    }),
    { numRuns: 1000 },
  )
})
