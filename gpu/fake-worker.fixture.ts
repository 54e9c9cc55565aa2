// Entry of a worker thread with a model of no network: what it does when it runs is told by the model's path.
import { parentPort, workerData } from 'node:worker_threads'
import { systemClock } from '#std/clock.ts'
import { card } from './inference.fixture.ts'
import type { InferenceBoot } from './inference-messages.ts'
import type { Model } from './model.ts'
import { serveInference } from './serve-inference.ts'
import { threadCpuMs } from './thread-cpu.ts'

const port = parentPort
if (port === null) throw new Error('runs as a worker thread')
const boot: InferenceBoot = workerData
/** The picture's first byte is an order. */
const throwUncaught = 1
const exitNow = 2

function model(): Model {
  return {
    card,
    executionProvider: 'fake',
    passedOver: [],
    run({ pixels, count }) {
      if (pixels[0] === throwUncaught) queueMicrotask(() => fail())
      if (pixels[0] === exitNow) process.exit(3)
      const box = new Float32Array([0, 0.5, 0, 0, 1, 1])
      const detections = Array.from({ length: count }, () => box.slice())
      return Promise.resolve({ detections, inferredAtMs: systemClock.nowMs() })
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}

function fail(): void {
  throw new Error('nobody catches this')
}

await serveInference(
  {
    post: (message, transfer) => port.postMessage(message, transfer),
    onMessage: (listener) => void port.on('message', listener),
    close: () => port.close(),
  },
  boot,
  {
    openModel: () => Promise.resolve(model()),
    runSelfTest: () => Promise.resolve({ passed: true }),
    clock: systemClock,
    cpuMs: threadCpuMs,
    notes: [],
  },
)
