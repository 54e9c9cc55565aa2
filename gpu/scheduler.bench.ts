import { systemClock } from '#std/clock.ts'
import { Scheduler } from './scheduler.ts'

/**
 * What the scheduler itself costs the main thread, with every stream ready at each poll: microseconds an arrival and a
 * dispatch, bytes a frame. `node --expose-gc gpu/scheduler.bench.ts`
 */
const cases = [
  { streams: 16, batchMax: 1 },
  { streams: 256, batchMax: 1 },
  { streams: 256, batchMax: 16 },
  { streams: 256, batchMax: 32 },
]
const rounds = 4_000

for (const { streams, batchMax } of cases) {
  const scheduler = new Scheduler<(typeof frames)[number]>({
    batchMax,
    mode: 'fresh',
    onUndetected: () => {},
  })
  const shape = { width: 416, height: 234 }
  for (let i = 0; i < 4; i++)
    for (let batchSize = 1; batchSize <= batchMax; batchSize *= 2)
      scheduler.calibrate(shape, { batchSize, ms: batchSize + 30 })
  // Written anew for each arrival: only what the scheduler makes is counted.
  const frames = Array.from({ length: streams }, (_, index) => ({
    id: String(index),
    capturedAtMs: 0,
    deadlineAtMs: 0,
    ...shape,
  }))
  for (const { id } of frames) scheduler.addStream(id, { weight: 1, detectFps: 0 })

  let nowMs = 1_000
  let arriveMs = 0
  let pollMs = 0
  let bytes = 0
  for (let round = 0; round < 2 * rounds; round++) {
    if (round === rounds) {
      arriveMs = 0
      pollMs = 0
      globalThis.gc?.()
      bytes = process.memoryUsage().heapUsed
    }
    const startAtMs = systemClock.nowMs()
    for (const frame of frames) {
      frame.capturedAtMs = nowMs
      frame.deadlineAtMs = nowMs + 200
      scheduler.arrive(frame.id, frame, nowMs)
    }
    const arrivedAtMs = systemClock.nowMs()
    const decision = scheduler.poll(nowMs, 1)
    if (decision.kind === 'dispatch') scheduler.done(decision.batch, 31)
    pollMs += systemClock.nowMs() - arrivedAtMs
    arriveMs += arrivedAtMs - startAtMs
    nowMs += 33
  }
  bytes = (process.memoryUsage().heapUsed - bytes) / (rounds * streams)
  const arriveUs = ((arriveMs * 1000) / (rounds * streams)).toFixed(2)
  const pollUs = ((pollMs * 1000) / rounds).toFixed(1)
  process.stdout.write(
    `${streams} streams, batches of ${batchMax}: ${arriveUs} us an arrival, ${pollUs} us a dispatch, ${bytes.toFixed(1)} bytes a frame\n`,
  )
}
