import { parentPort } from 'node:worker_threads'
import { assert } from '#std/assert.ts'
import type { InferencePort } from './serve-inference.ts'

/** A worker thread's end of the wire. */
export function inferenceThreadPort(): InferencePort {
  const port = parentPort
  assert(port !== null, 'runs as a worker thread')
  return {
    post: (message, transfer) => port.postMessage(message, transfer),
    onMessage: (listener) => void port.on('message', listener),
    close: () => port.close(),
  }
}
