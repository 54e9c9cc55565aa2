// Entry of the builder's process: an order on stdin, lines of JSON on stdout. Dies with the one who gave the order.
import { createInterface } from 'node:readline'
import { systemClock } from '#std/clock.ts'
import { messageOf } from '#std/coded-error.ts'
import { buildEngine } from './engine-build.ts'
import { type BuildLine, buildOrderSchema } from './engine-build-messages.ts'
import { EngineError } from './engine-error.ts'
import { runProgram } from './engine-program.ts'

const input = createInterface({ input: process.stdin })
input.once('line', (line) => void build(line))
// Nobody waits any more, or the server was killed: trtexec belongs to this process's group and ends with it.
input.once('close', () => process.kill(-process.pid, 'SIGKILL'))

async function build(line: string): Promise<void> {
  try {
    const order = buildOrderSchema.parse(JSON.parse(line))
    const onProgress = (share: number): void => say({ kind: 'progress', share })
    const engine = await buildEngine(order, { run: runProgram, clock: systemClock, onProgress })
    leave({ kind: 'done', engine })
  } catch (error) {
    const isUnavailable = error instanceof EngineError && error.code === 'engine_unavailable'
    const code = isUnavailable ? 'engine_unavailable' : 'engine_build_failed'
    leave({ kind: 'failed', code, message: messageOf(error) })
  }
}

function say(line: BuildLine): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

/** stdin stays open: without this the process would wait for the end of the one who waits for it. */
function leave(line: BuildLine): void {
  process.stdout.write(`${JSON.stringify(line)}\n`, () => process.exit(0))
}
