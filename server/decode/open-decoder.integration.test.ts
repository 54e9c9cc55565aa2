import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import type { StampedUnit } from '../source/stamped-unit.ts'
import { startDecodeChild } from './decode-child.ts'
import { ffmpegOfThisMachine } from './ffmpeg-of-this-machine.ts'
import { FfmpegRig } from './ffmpeg-rig.ts'
import { clipLumaOf, encodeH264Clip } from './h264-clips.ts'
import { assertExact, pcmLumaOf, pcmUnits } from './made-units.ts'
import { stampUnits } from './stamp-units.ts'

let ffmpegPath = ''
before(async () => {
  ffmpegPath = await ffmpegOfThisMachine(process.env)
})

test('360 made frames come out one for one, each with its own time and picture', async () => {
  await using rig = new FfmpegRig(ffmpegPath)
  const units = pcmUnits(360)
  await rig.pushOneByOne(units)
  assertExact(rig, units, pcmLumaOf)
  assert.deepEqual(rig.logged, [])
})

test('units that come faster than pictures lose none', async () => {
  await using rig = new FfmpegRig(ffmpegPath)
  const units = pcmUnits(200, 50)
  for (const stamped of units) rig.decoder.push(stamped)
  await rig.until(() => rig.settled === units.length, 'an outcome for every unit')
  assertExact(rig, units, pcmLumaOf)
})

test('where no pipe of our own can be made, frames come through the child’s stdout', async () => {
  await using rig = new FfmpegRig(ffmpegPath, {
    startChild: (options) => startDecodeChild({ ...options, openPixelPipe: () => null }),
  })
  const units = pcmUnits(60)
  await rig.pushOneByOne(units)
  assertExact(rig, units, pcmLumaOf)
})

for (const profile of ['baseline', 'main', 'high'] as const)
  test(`300 frames of a ${profile} profile clip are exact`, async (t) => {
    const clip = encodeH264Clip({
      ffmpegPath,
      profile,
      width: 160,
      height: 128,
      count: 300,
      keyEvery: 60,
    })
    if (clip === null) return t.skip('this FFmpeg has no libx264')
    const units = stampUnits(clip)
    await using rig = new FfmpegRig(ffmpegPath)
    await rig.pushOneByOne(units)
    assertExact(rig, units, clipLumaOf, 5)
    assert.deepEqual(rig.lost, [])
  })

test('a clip with B-frames ends every unit once, and frames carry their own pictures', async (t) => {
  const options = {
    ffmpegPath,
    profile: 'main',
    width: 160,
    height: 128,
    count: 120,
    keyEvery: 30,
    bFrames: 2,
  } as const
  const clip = encodeH264Clip(options)
  if (clip === null) return t.skip('this FFmpeg has no libx264')
  const rig = new FfmpegRig(ffmpegPath)
  const units = stampUnits(clip)
  for (const stamped of units) rig.decoder.push(stamped)
  await rig.until(() => rig.frames.length > 30, 'frames')
  await rig[Symbol.asyncDispose]()
  assert.equal(rig.settled, units.length)
  assert.equal(
    new Set([...rig.frames, ...rig.lost].map(({ stamped }) => stamped)).size,
    units.length,
  )
})

test('parameter sets and picture size may change at a key frame', async () => {
  await using rig = new FfmpegRig(ffmpegPath)
  const small = pcmUnits(20, 10)
  const large = later(pcmUnits(20, 10, { width: 128, height: 96 }), 20)
  const units = [...small, ...large]
  await rig.pushOneByOne(units)
  const pid = rig.decoder.pid
  assertExact(rig, units, (index) => pcmLumaOf(index % 20))
  assert.equal(rig.decoder.pid, pid)
  assert.deepEqual(rig.lost, [])
})

function later(units: readonly StampedUnit[], by: number): StampedUnit[] {
  return units.map((stamped) => ({ ...stamped, rtpTimestamp: stamped.rtpTimestamp + by * 3000 }))
}

test('after a cut the same child shows the new connection, and nothing of the old', async () => {
  await using rig = new FfmpegRig(ffmpegPath)
  const units = pcmUnits(60)
  await rig.pushOneByOne(units.slice(0, 10))
  const pid = rig.decoder.pid
  for (const stamped of units.slice(10, 20)) rig.decoder.push(stamped)
  rig.decoder.reset()
  assert.equal(rig.lost.length, 10)
  await rig.pushOneByOne(units.slice(25))
  assertExact(rig, [...units.slice(0, 10), ...units.slice(30)], pcmLumaOf)
  assert.ok(rig.lost.every(({ loss }) => loss === 'damaged'))
  assert.equal(rig.decoder.pid, pid)
})
