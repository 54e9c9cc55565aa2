// Entry of an inference child process: what a worker thread does, where a crash of native code ends nothing else.
import { systemClock } from '#std/clock.ts'
import { inferenceChildPort } from './inference-child-port.ts'
import type { InferenceBoot } from './inference-messages.ts'
import { openModel } from './model.ts'
import { runSelfTest } from './self-test.ts'
import { serveInference } from './serve-inference.ts'
import { threadCpuMs } from './thread-cpu.ts'
import { lowerThreadPriority } from './thread-priority.ts'

const boot: InferenceBoot = JSON.parse(process.argv[2] ?? '')
// Before the model: the threads that onnxruntime starts inherit it.
const note = lowerThreadPriority()
await serveInference(inferenceChildPort(), boot, {
  openModel,
  runSelfTest,
  clock: systemClock,
  cpuMs: threadCpuMs,
  notes: note === null ? [] : [note],
})
