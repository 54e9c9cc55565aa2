// Entry of an inference worker thread. onnxruntime is loaded here and nowhere else: `create` and `run` block their thread.
import { parentPort, workerData } from 'node:worker_threads'
import { assert } from '#std/assert.ts'
import { systemClock } from '#std/clock.ts'
import type { InferenceBoot } from './inference-messages.ts'
import { openModel } from './model.ts'
import { runSelfTest } from './self-test.ts'
import { serveInference } from './serve-inference.ts'
import { threadCpuMs } from './thread-cpu.ts'
import { lowerThreadPriority } from './thread-priority.ts'

const port = parentPort
assert(port !== null, 'runs as a worker thread')
const boot: InferenceBoot = workerData
// Before the model: the threads that onnxruntime starts inherit it.
const note = lowerThreadPriority()
await serveInference(
  {
    post: (message, transfer) => port.postMessage(message, transfer),
    onMessage: (listener) => void port.on('message', listener),
    close: () => port.close(),
  },
  boot,
  {
    openModel,
    runSelfTest,
    clock: systemClock,
    cpuMs: threadCpuMs,
    notes: note === null ? [] : [note],
  },
)
