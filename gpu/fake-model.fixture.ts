import { systemClock } from '#std/clock.ts'
import { card } from './inference.fixture.ts'
import type { InferenceBoot } from './inference-messages.ts'
import { codeOf } from './luma-code.fixture.ts'
import type { Model } from './model.ts'
import type { InferenceParts } from './serve-inference.ts'
import { threadCpuMs } from './thread-cpu.ts'

/** The code of a batch's first pixel is an order. */
export const fakeOrders = {
  throwUncaught: 1,
  exit: 2,
  /** Half a second, as a device that hangs for a moment. */
  stall: 3,
  hang: 4,
} as const

/** With all fields set to something else than what is common. */
export const fakeBoot: InferenceBoot = {
  modelPath: 'a model.onnx',
  cardPath: 'card.json',
  photoPath: 'ph\u00f6to.jpg',
  ffmpegPath: 'ffmpeg',
  executionProviders: ['tensorrt', 'cpu'],
  intraOpThreads: 1,
  deviceId: 3,
  batchMax: 4,
}

/** The code of the exit that is ordered. */
export const fakeExitCode = 3
const stallMs = 500

/** A worker's parts around a model of no network. */
export function fakeParts(boot: InferenceBoot): InferenceParts {
  return {
    openModel: () => Promise.resolve(fakeModel()),
    runSelfTest: () => Promise.resolve({ passed: true }),
    clock: systemClock,
    cpuMs: threadCpuMs,
    notes: [JSON.stringify(boot), `pid ${process.pid}`],
  }
}

/** Finds one thing in each picture: its class is the second pixel's code, its width the last one's. */
function fakeModel(): Model {
  return {
    card,
    executionProvider: 'fake',
    passedOver: [],
    run({ pixels, count }) {
      obey(codeOf(pixels[0]))
      const bytes = pixels.length / count
      const detections = Array.from({ length: count }, (_, index) => {
        const picture = pixels.subarray(index * bytes, (index + 1) * bytes)
        return new Float32Array([codeOf(picture[3]), 0.5, 0, 0, codeOf(picture.at(-1)) / 256, 1])
      })
      return Promise.resolve({ detections, inferredAtMs: systemClock.nowMs() })
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}

function obey(order: number): void {
  const waiting = new Int32Array(new SharedArrayBuffer(4))
  if (order === fakeOrders.throwUncaught) queueMicrotask(() => fail())
  if (order === fakeOrders.exit) process.exit(fakeExitCode)
  if (order === fakeOrders.stall) Atomics.wait(waiting, 0, 0, stallMs)
  if (order === fakeOrders.hang) Atomics.wait(waiting, 0, 0)
}

function fail(): void {
  throw new Error('nobody catches this')
}
