import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sleep, systemClock } from '#std/clock.ts'
import { silentLog } from '#std/log.ts'
import { fakeOrders } from './fake-model.fixture.ts'
import type { FrameOutcome } from './detector.ts'
import { type NamedFrame, offered } from './inference.fixture.ts'
import { openDetector } from './open-detector.ts'
import { codedPicture } from './luma-code.fixture.ts'

const limitMs = 20_000
const stallMs = 500
const framesAfter = 10

interface Ended {
  readonly frame: NamedFrame
  readonly endedAtMs: number
  readonly outcome: FrameOutcome
}

/** One frame each 33 ms, of each of four streams; one of them makes the session stall. What ended, stream by stream. */
async function stalledRun(isolation: 'thread' | 'process') {
  const entry = isolation === 'thread' ? 'fake-worker.fixture.ts' : 'fake-child.fixture.ts'
  const streamIds = ['a', 'b', 'c', 'd']
  const ended = new Map<string, Ended[]>(streamIds.map((id) => [id, []]))
  let offeredCount = 0
  {
    await using detector = await openDetector({
      modelPath: 'm',
      cardPath: 'c',
      photoPath: 'p',
      ffmpegPath: 'f',
      isolation,
      worker: new URL(entry, import.meta.url),
      clock: systemClock,
      log: silentLog,
    })
    const memory = new SharedArrayBuffer(3 * 416 * 234 * 3)
    const frameBytes = memory.byteLength / 3
    const streams = streamIds.map((streamId) =>
      detector.addStream<NamedFrame>({
        streamId,
        memory,
        weight: 1,
        detectFps: 0,
        onOutcome: (frame, outcome) =>
          ended.get(streamId)?.push({ frame, outcome, endedAtMs: systemClock.nowMs() }),
      }),
    )
    const stalling = codedPicture({ width: 416, height: 234 }, [fakeOrders.stall])
    new Uint8Array(memory).set(stalling, frameBytes)
    const offerAll = (name: string, byteOffset: number): void => {
      offeredCount += streams.length
      for (const stream of streams) stream.offer(offered(name, systemClock.nowMs(), byteOffset))
    }
    const endAtMs = systemClock.nowMs() + limitMs
    const detected = (name: string): number =>
      [...ended.values()]
        .flat()
        .filter(({ frame, outcome }) => frame.name === name && outcome.kind === 'detected').length
    for (let i = 0; detected('before') < 8; i++) {
      assert.ok(systemClock.nowMs() < endAtMs)
      offerAll('before', 0)
      await sleep(systemClock, 33)
    }
    streams[0]?.offer({
      ...offered('stalls', systemClock.nowMs(), frameBytes),
      deadlineAtMs: Infinity,
    })
    offeredCount++
    while (detected('after') < streams.length * framesAfter) {
      assert.ok(systemClock.nowMs() < endAtMs)
      offerAll('after', 0)
      await sleep(systemClock, 33)
    }
    assert.equal(detector.status().restarts, 0)
  }
  return { ended, offeredCount }
}

for (const isolation of ['thread', 'process'] as const)
  test(`A ${isolation} that stalls for half a second delays no frame by more, and loses none without a word.`, async () => {
    const { ended, offeredCount } = await stalledRun(isolation)
    const all = [...ended.values()].flat()
    assert.equal(all.length, offeredCount, 'each frame ends once')
    // What waited when the detector closed.
    for (const { outcome } of all)
      if (outcome.kind === 'failed') assert.equal(outcome.code, 'detector_closed')
    const stalled = all.find(({ frame }) => frame.name === 'stalls')
    assert.ok(stalled?.outcome.kind === 'detected')
    const stalledMs = stalled.endedAtMs - stalled.frame.capturedAtMs
    assert.ok(stalledMs >= stallMs - 5)
    for (const [streamId, frames] of ended) {
      const detected = frames.filter(({ outcome }) => outcome.kind === 'detected')
      for (const { frame, endedAtMs } of detected)
        assert.ok(
          endedAtMs - frame.capturedAtMs <= stalledMs + 1,
          `${streamId} ${endedAtMs - frame.capturedAtMs} ms`,
        )
      const captures = detected.map(({ frame }) => frame.capturedAtMs)
      assert.deepEqual(
        captures,
        captures.toSorted((x, y) => x - y),
      )
    }
  })
