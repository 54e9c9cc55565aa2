import type { DetectorStatus } from '#gpu/detector.ts'
import type { Clock } from '#std/clock.ts'
import type { StreamCounts } from './infer-stream.ts'
import type { InferenceLine } from './inference-line.ts'
import { StageError } from './stage-error.ts'
import type { Progress, StageOutcome } from './stage.ts'

/** Counts what a run came to, and says it at the end. */
export class InferenceTally {
  readonly #clock: Clock
  readonly #startedAtMs: number
  readonly #written: string[] = []
  #lastAtMs: number
  #firstError: string | null = null
  #unreadable = 0
  #broken = 0
  #objects = 0
  #streamed: StreamCounts | null = null
  pictures = 0

  constructor(clock: Clock) {
    this.#clock = clock
    this.#startedAtMs = clock.nowMs()
    this.#lastAtMs = this.#startedAtMs
  }

  add(line: InferenceLine, progress: Progress): void {
    if ('objects' in line) {
      this.pictures++
      this.#lastAtMs = this.#clock.nowMs()
      this.#objects += line.objects.length
      return
    }
    this.#firstError ??= line.error
    this.#unreadable++
    progress.warn(line.error)
  }

  /** A video that has pictures, and is broken somewhere. */
  trouble(sentence: string, progress: Progress): void {
    this.#broken++
    progress.warn(sentence)
  }

  wrote(path: string): void {
    this.#written.push(path)
  }

  streamed(counts: StreamCounts): void {
    this.#streamed = counts
  }

  /** Throws StageError where no picture of all could be read. */
  throwIfNothing(): void {
    if (this.pictures === 0)
      throw new StageError('input_invalid', this.#firstError ?? 'there was no picture')
  }

  /** Failed where a file could not be read to its end: the others are done. */
  outcome(
    { model, executionProvider, sessions }: DetectorStatus,
    output: { readonly paths: readonly string[]; readonly prints: boolean },
  ): StageOutcome {
    const seconds = ((this.#lastAtMs - this.#startedAtMs) / 1000).toFixed(1)
    const device = `${model.name} on ${executionProvider}, sessions: ${sessions.sessions}`
    const lines = [
      `${this.pictures} pictures, ${this.#objects} objects in ${seconds} s (${device})`,
      ...(this.#streamed === null ? [] : [streamLine(this.#streamed)]),
      ...(this.#unreadable === 0 ? [] : [`${this.#unreadable} files could not be read`]),
      ...(this.#broken === 0 ? [] : [`${this.#broken} videos are broken somewhere`]),
      ...[...output.paths, ...this.#written].map((path) => `written: ${path}`),
    ]
    const isWhole = this.#unreadable + this.#broken === 0
    return {
      verdict: isWhole ? 'done' : 'failed',
      document: null,
      // Lines of JSON are on stdout, and nothing else.
      lines: output.prints ? [] : lines,
    }
  }
}

function streamLine({ superseded, lost }: StreamCounts): string {
  return `${superseded} frames had a newer one before the model was free, ${lost} were lost on the way`
}
