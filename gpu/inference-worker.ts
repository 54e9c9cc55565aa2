// Entry of an inference worker thread. onnxruntime is loaded in here or in inference-child.ts, nowhere else: `create` and `run` block their thread.
import { workerData } from 'node:worker_threads'
import { systemClock } from '#std/clock.ts'
import type { InferenceBoot } from './inference-messages.ts'
import { inferenceThreadPort } from './inference-thread-port.ts'
import { openModel } from './model.ts'
import { runSelfTest } from './self-test.ts'
import { serveInference } from './serve-inference.ts'
import { threadCpuMs } from './thread-cpu.ts'
import { lowerThreadPriority } from './thread-priority.ts'

const boot: InferenceBoot = workerData
// Before the model: the threads that onnxruntime starts inherit it.
const note = lowerThreadPriority()
await serveInference(inferenceThreadPort(), boot, {
  openModel,
  runSelfTest,
  clock: systemClock,
  cpuMs: threadCpuMs,
  notes: note === null ? [] : [note],
})
