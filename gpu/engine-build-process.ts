import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { setPriority } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { assert } from '#std/assert.ts'
import type { Clock, Timer } from '#std/clock.ts'
import { messageOf } from '#std/coded-error.ts'
import type { Log } from '#std/log.ts'
import { type BuildLine, buildLineSchema, type BuildOrder } from './engine-build-messages.ts'
import type { EngineBuilder, EngineFile, EngineProgress, EngineRequest } from './engine-builder.ts'
import { EngineError } from './engine-error.ts'
import { partPrefix } from './engine-store.ts'
import { readLines } from './output-lines.ts'

export interface EngineBuildProcessOptions {
  /** Program and arguments; our own entry by default, tests bring others. */
  readonly command?: readonly [string, ...string[]]
  /** A large model on a small GPU takes 10 to 20 minutes; 30 by default. */
  readonly limitMs?: number
  readonly clock: Clock
  readonly log: Log
}

const limitMsByDefault = 30 * 60_000
/** From SIGTERM to SIGKILL; the server has 4.5 s to end in all. */
const leaveMs = 2_000
/** Below decoding and inference, which run beside it. */
const niceness = 10
/** Its lines are few and short; one that says more is not ours. */
const outputLengthMax = 1_000_000
const ourEntry = fileURLToPath(new URL('engine-build-main.ts', import.meta.url))

/** Builds in a process of its own: whatever becomes of that, this one goes on. */
export class EngineBuildProcess implements EngineBuilder {
  readonly #options: EngineBuildProcessOptions
  #isBuilding = false

  constructor(options: EngineBuildProcessOptions) {
    this.#options = options
  }

  async build(
    request: EngineRequest,
    onProgress: (progress: EngineProgress) => void,
    signal: AbortSignal,
  ): Promise<EngineFile> {
    assert(!this.#isBuilding, 'one build at a time')
    this.#isBuilding = true
    const partDir = join(request.enginesDir, partPrefix + randomBytes(8).toString('hex'))
    try {
      return await new Build(this.#options, onProgress).run({ ...request, partDir }, signal)
    } finally {
      this.#isBuilding = false
      await rm(partDir, { recursive: true, force: true })
    }
  }

  async discard({ folder }: EngineFile): Promise<void> {
    await rm(folder, { recursive: true, force: true })
  }
}

/** One build and its process. */
class Build {
  readonly #options: EngineBuildProcessOptions
  readonly #onProgress: (progress: EngineProgress) => void
  readonly #ended = Promise.withResolvers<EngineFile>()
  #child: ChildProcess | null = null
  #limit: Timer | null = null
  #kill: Timer | null = null
  /** What the process said last; it counts when the process has ended. */
  #verdict: Exclude<BuildLine, { kind: 'progress' }> | null = null
  /** Why it was told to end. */
  #stopped: EngineError | null = null
  #complaint = ''
  #outputLength = 0

  constructor(options: EngineBuildProcessOptions, onProgress: (progress: EngineProgress) => void) {
    this.#options = options
    this.#onProgress = onProgress
  }

  async run(order: BuildOrder, signal: AbortSignal): Promise<EngineFile> {
    const stop = (): void =>
      this.#stop(new EngineError('engine_build_stopped', 'the engine’s build was stopped'))
    this.#start(order)
    signal.addEventListener('abort', stop)
    if (signal.aborted) stop()
    try {
      return await this.#ended.promise
    } finally {
      signal.removeEventListener('abort', stop)
      this.#limit?.[Symbol.dispose]()
      this.#kill?.[Symbol.dispose]()
    }
  }

  #start(order: BuildOrder): void {
    const { command = [process.execPath, ourEntry], limitMs = limitMsByDefault } = this.#options
    const [program, ...args] = command
    // A group of its own, so that what it starts can be ended with it. The environment is inherited: CUDA and TensorRT
    // are found through it.
    const child = spawn(program, args, { detached: true, stdio: ['pipe', 'pipe', 'pipe'] })
    this.#child = child
    child.on('error', (error) => this.#fail(`the builder cannot be run: ${messageOf(error)}`))
    child.on('close', (exitCode, signal) => this.#onClose(exitCode, signal))
    if (child.pid === undefined) return
    this.#lower(child.pid)
    readLines(child.stdout, (line) => this.#onLine(line))
    readLines(child.stderr, (line) => {
      if (line.trim() !== '') this.#complaint = line.trim().slice(0, complaintLengthMax)
    })
    // It may end before it has read.
    child.stdin.on('error', () => {})
    child.stdin.write(`${JSON.stringify(order)}\n`)
    this.#limit = this.#options.clock.after(limitMs, () =>
      this.#stop(
        new EngineError(
          'engine_build_timeout',
          `no engine within ${limitMs / 1_000} s; it is given up`,
        ),
      ),
    )
  }

  #onLine(line: string): void {
    this.#outputLength += line.length
    if (this.#outputLength > outputLengthMax) {
      const sentence = 'the builder says too much to be ours'
      return this.#stop(new EngineError('engine_build_failed', sentence))
    }
    const said = buildLineSchema.safeParse(parsed(line))
    if (!said.success) this.#complaint = line.slice(0, complaintLengthMax)
    else if (said.data.kind === 'progress') this.#onProgress({ share: said.data.share })
    else this.#verdict = said.data
  }

  #onClose(exitCode: number | null, signal: NodeJS.Signals | null): void {
    // What it started and left.
    this.#signal('SIGKILL')
    const verdict = this.#verdict
    if (this.#stopped !== null) this.#ended.reject(this.#stopped)
    else if (verdict?.kind === 'failed')
      this.#ended.reject(new EngineError(verdict.code, verdict.message))
    else if (verdict !== null && exitCode === 0) this.#ended.resolve(verdict.engine)
    else {
      const how = signal === null ? `ended with code ${exitCode}` : `was ended by ${signal}`
      const why = this.#complaint === '' ? '' : `: ${this.#complaint}`
      this.#fail(`the builder ${how}${why}`)
    }
  }

  #stop(reason: EngineError): void {
    if (this.#stopped !== null) return
    this.#stopped = reason
    this.#signal('SIGTERM')
    this.#kill = this.#options.clock.after(leaveMs, () => this.#signal('SIGKILL'))
  }

  #fail(sentence: string): void {
    this.#ended.reject(new EngineError('engine_build_failed', sentence))
  }

  /** To it and all that it started. */
  #signal(signal: NodeJS.Signals): void {
    const pid = this.#child?.pid
    if (pid === undefined) return
    try {
      process.kill(-pid, signal)
    } catch {
      // They are gone.
    }
  }

  #lower(pid: number): void {
    try {
      setPriority(pid, niceness)
    } catch (error) {
      // A build at full priority costs frames, but is better than none.
      this.#options.log.debug(`the builder's priority stays as it is: ${messageOf(error)}`)
    }
  }
}

const complaintLengthMax = 300

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return null
  }
}
