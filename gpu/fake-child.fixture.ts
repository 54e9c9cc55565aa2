// Entry of a child process with a model of no network.
import { fakeParts } from './fake-model.fixture.ts'
import { inferenceChildPort } from './inference-child-port.ts'
import type { InferenceBoot } from './inference-messages.ts'
import { serveInference } from './serve-inference.ts'

const boot: InferenceBoot = JSON.parse(process.argv[2] ?? '')
await serveInference(inferenceChildPort(), boot, fakeParts(boot))
