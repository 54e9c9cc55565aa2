import { assert } from '#std/assert.ts'
import type { FromWorker, ToWorker } from './inference-messages.ts'
import type { PixelsMessage, ToProcess } from './inference-process.ts'
import type { InferencePort } from './serve-inference.ts'

/** Of the one memory of the process, which the pixels of each batch are put into. */
const memoryId = 0

/** A child process's end of the wire. Without the server at the other end, it is told to leave. */
export function inferenceChildPort(): InferencePort {
  let memory = new SharedArrayBuffer(0)
  let listener: (message: ToWorker) => void = () => {}

  const onMessage = (message: ToProcess): void => {
    listener(message.kind === 'pixels' ? runOf(message) : message)
  }
  const runOf = ({ pixels, count, ...batch }: PixelsMessage): ToWorker => {
    if (memory.byteLength < pixels.length) {
      memory = new SharedArrayBuffer(pixels.length)
      listener({ kind: 'memory', memoryId, memory })
    }
    new Uint8Array(memory).set(pixels)
    const memoryIds = Array.from({ length: count }, () => memoryId)
    const byteOffsets = memoryIds.map((_, index) => (index * pixels.length) / count)
    return { ...batch, kind: 'run', memoryIds, byteOffsets }
  }
  const onDisconnect = (): void => listener({ kind: 'leave' })

  // A terminal's Ctrl-C, and a service manager's SIGTERM, reach all processes: the server says when its children leave.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {})
  // Told as a sentence; without this, as a stack on stderr and a code.
  process.on('uncaughtException', (error) => {
    send({ kind: 'broken', message: error.message }, () => process.exit(1))
  })
  process.on('disconnect', onDisconnect)
  return {
    post: (message) => send(message, () => {}),
    onMessage(heard) {
      listener = heard
      process.on('message', onMessage)
    },
    close() {
      process.off('disconnect', onDisconnect)
      if (process.connected) process.disconnect()
    },
  }
}

/** Where the server is gone, nobody is there to be told: `disconnect` follows. */
function send(message: FromWorker, onSent: () => void): void {
  assert(process.send !== undefined, 'runs as a child process')
  if (process.connected) process.send(message, undefined, undefined, onSent)
  else onSent()
}
