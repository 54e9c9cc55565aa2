import { type ChildProcess, spawn } from 'node:child_process'
import { readLines } from '#gpu/output-lines.ts'
import { type Clock, sleep } from '#std/clock.ts'
import { messageOf } from '#std/coded-error.ts'
import { StageError } from './stage-error.ts'

/** A program that does not end by SIGTERM within this is killed; a server takes 4.5 s at most. */
const endLimitMs = 6000
/** For the words of one that ended too early. */
const linesKept = 20

export interface ChildProgramOptions {
  readonly path: string
  readonly args: readonly string[]
  /** Over our own environment. */
  readonly env: Readonly<Record<string, string>>
  readonly clock: Clock
  readonly signal: AbortSignal
}

/** It ended before it said what was waited for; the sentence has its last line. */
export class ChildEnded extends StageError {}

/** A program of ours, run by this Node, that is ended with its owner. */
export class ChildProgram implements AsyncDisposable {
  readonly #options: ChildProgramOptions
  readonly #child: ChildProcess
  readonly #exited = Promise.withResolvers<void>()
  readonly #lines: string[] = []

  constructor(options: ChildProgramOptions) {
    this.#options = options
    this.#child = spawn(process.execPath, [options.path, ...options.args], {
      // Ctrl-C at the terminal is ours to answer; a demo camera ends with its stdin.
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...options.env },
    })
    const keep = (line: string): void => {
      this.#lines.push(line)
      if (this.#lines.length > linesKept) this.#lines.splice(1, 1)
    }
    for (const stream of [this.#child.stdout, this.#child.stderr])
      if (stream !== null) readLines(stream, keep)
    this.#child.once('error', (error) => {
      keep(messageOf(error))
      this.#exited.resolve()
    })
    this.#child.once('close', () => this.#exited.resolve())
  }

  /** The first group of the first line that has said so, or says so in time. Throws StageError. */
  async told(pattern: RegExp, limitMs: number): Promise<string> {
    const { clock, signal, path } = this.#options
    const untilMs = clock.nowMs() + limitMs
    for (;;) {
      signal.throwIfAborted()
      for (const line of this.#lines) {
        const found = pattern.exec(line)?.[1]
        if (found !== undefined) return found
      }
      const { exitCode, signalCode } = this.#child
      const isOver = exitCode !== null || signalCode !== null || this.#child.pid === undefined
      const lastLine = this.#lines.at(-1) ?? 'it said nothing'
      if (isOver) throw new ChildEnded('environment_missing', `${path} ended: ${lastLine}`)
      if (clock.nowMs() > untilMs)
        throw new StageError(
          'environment_missing',
          `${path} did not say within ${limitMs / 1000} s where it is: ${lastLine}`,
        )
      await sleep(clock, 20, signal)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGTERM')
    const limit = this.#options.clock.after(endLimitMs, () => this.#child.kill('SIGKILL'))
    await this.#exited.promise
    limit[Symbol.dispose]()
  }
}
