import { inferenceThreadContract } from './inference-thread.contract.ts'
import { inferenceThreads } from './inference-thread.ts'

inferenceThreadContract(
  'A thread',
  inferenceThreads(new URL('fake-worker.fixture.ts', import.meta.url)),
)
