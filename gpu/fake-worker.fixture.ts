// Entry of a worker thread with a model of no network.
import { workerData } from 'node:worker_threads'
import { fakeParts } from './fake-model.fixture.ts'
import type { InferenceBoot } from './inference-messages.ts'
import { inferenceThreadPort } from './inference-thread-port.ts'
import { serveInference } from './serve-inference.ts'

const boot: InferenceBoot = workerData
await serveInference(inferenceThreadPort(), boot, fakeParts(boot))
