import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { systemClock } from '#std/clock.ts'
import { silentLog } from '#std/log.ts'
import type { StampedUnit } from '../source/stamped-unit.ts'
import { ffmpegOfThisMachine } from './ffmpeg-of-this-machine.ts'
import { FfmpegRig, geometry } from './ffmpeg-rig.ts'
import { assertExact, pcmLumaOf, pcmUnits } from './made-units.ts'
import { openDecoder } from './open-decoder.ts'

let ffmpegPath = ''
before(async () => {
  ffmpegPath = await ffmpegOfThisMachine(process.env)
})

async function gone(pid: number): Promise<boolean> {
  for (let i = 0; i < 200; i++) {
    try {
      process.kill(pid, 0)
    } catch {
      return true
    }
    await delay(10)
  }
  return false
}

test('a program that cannot be started fails every unit and is tried again at key frames', async () => {
  const lost: string[] = []
  const restarts: string[] = []
  await using decoder = openDecoder({
    ffmpegPath: '/nowhere/ffmpeg',
    geometry,
    clock: systemClock,
    log: silentLog,
    listener: {
      onFrame: () => assert.fail('no frame'),
      onLost: (_stamped, loss) => lost.push(loss),
      onRestart: (reason) => restarts.push(reason),
    },
  })
  for (const stamped of pcmUnits(40)) {
    decoder.push(stamped)
    await delay(1)
  }
  assert.deepEqual(
    lost,
    Array.from({ length: 40 }, () => 'failed'),
  )
  assert.equal(restarts.length, 2)
  assert.match(restarts[0] ?? '', /ENOENT/)
})

test('kill -9: what was in the child fails, the next key frame brings pictures back', async () => {
  await using rig = new FfmpegRig(ffmpegPath)
  const units = pcmUnits(90)
  await rig.pushOneByOne(units.slice(0, 10))
  const pid = rig.decoder.pid
  assert.ok(pid)
  process.kill(pid, 'SIGKILL')
  for (const stamped of units.slice(10, 20)) rig.decoder.push(stamped)
  await rig.until(() => rig.restarts.length === 1, 'the death is noticed')
  assert.match(rig.restarts[0] ?? '', /SIGKILL/)
  await rig.pushOneByOne(units.slice(20))
  assertExact(rig, [...units.slice(0, 10), ...units.slice(30)], pcmLumaOf)
  assert.deepEqual(
    rig.lost.map(({ stamped, loss }) => [stamped.rtpTimestamp / 3000, loss]),
    Array.from({ length: 20 }, (_, i) => [10 + i, 'failed']),
  )
  assert.notEqual(rig.decoder.pid, pid)
})

test('garbage in NAL units kills nothing silently: all units end, the next key frame is shown', async () => {
  await using rig = new FfmpegRig(ffmpegPath)
  const units = pcmUnits(120).map((stamped, i) => (i > 5 && i < 90 ? spoil(stamped, i) : stamped))
  await rig.pushOneByOne(units.slice(0, 5))
  for (const stamped of units.slice(5)) {
    rig.decoder.push(stamped)
    await delay(1)
  }
  await rig.until(() => rig.settled === units.length, 'an outcome for every unit')
  const shown = new Set(rig.frames.map(({ stamped }) => stamped.rtpTimestamp / 3000))
  for (let i = 90; i < 120; i++) assert.ok(shown.has(i), `picture ${i}`)
  for (const { stamped, luma } of rig.frames) {
    const index = stamped.rtpTimestamp / 3000
    if (index >= 90) assert.ok(Math.abs(luma - pcmLumaOf(index)) < 3)
  }
  assert.ok(rig.logged.some((line) => line.includes('ffmpeg complains')))
})

/** Everything but the NAL's length and header replaced by noise that is the same in every run. */
function spoil(stamped: StampedUnit, seed: number): StampedUnit {
  const data = Buffer.from(stamped.unit.data)
  for (let i = 5, x = seed; i < data.length; i++) data[i] = x = ((x * 75 + 74) % 65_537) & 0xff
  return { ...stamped, unit: { ...stamped.unit, data } }
}

test('a child that is stopped is put an end to, and another one takes over', async () => {
  await using rig = new FfmpegRig(ffmpegPath, { limits: { silenceMsMax: 1500 } })
  const units = pcmUnits(31, 15)
  await rig.pushOneByOne(units.slice(0, 10))
  assert.ok(rig.decoder.pid)
  process.kill(rig.decoder.pid, 'SIGSTOP')
  for (const stamped of units.slice(10, 15)) rig.decoder.push(stamped)
  await rig.until(() => rig.restarts.length === 1, 'silence is noticed')
  assert.match(rig.restarts[0] ?? '', /no frame for/)
  await rig.pushOneByOne(units.slice(15))
  assertExact(rig, [...units.slice(0, 10), ...units.slice(15)], pcmLumaOf)
})

test('a decoder that is disposed leaves no process, also when the child is stopped', async () => {
  for (const signal of ['SIGCONT', 'SIGSTOP'] as const) {
    const rig = new FfmpegRig(ffmpegPath)
    await rig.pushOneByOne(pcmUnits(3))
    const pid = rig.decoder.pid
    assert.ok(pid)
    process.kill(pid, signal)
    await Promise.all([rig[Symbol.asyncDispose](), rig[Symbol.asyncDispose]()])
    assert.equal(await gone(pid), true)
    assert.equal(rig.decoder.pid, null)
    assert.deepEqual(rig.restarts, [])
  }
})

test('a listener may dispose the decoder in the middle of a frame', async () => {
  const lost: string[] = []
  const done = Promise.withResolvers<void>()
  const decoder = openDecoder({
    ffmpegPath,
    geometry,
    clock: systemClock,
    log: silentLog,
    listener: {
      onFrame: (frame) => {
        frame.release()
        decoder[Symbol.asyncDispose]().then(done.resolve, done.reject)
      },
      onLost: (_stamped, loss) => lost.push(loss),
      onRestart: () => assert.fail('nothing died'),
    },
  })
  for (const stamped of pcmUnits(20)) decoder.push(stamped)
  const pid = decoder.pid
  assert.ok(pid)
  await done.promise
  assert.equal(lost.length, 19)
  assert.equal(await gone(pid), true)
})
