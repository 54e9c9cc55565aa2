import { systemClock } from '#std/clock.ts'
import { StageArguments, type ArgumentValue } from './stage-arguments.ts'
import type { StageContext } from './stage.ts'

export interface StageRig {
  readonly context: StageContext
  readonly notes: readonly string[]
  readonly warnings: readonly string[]
  readonly written: readonly string[]
}

/** For tests: what a stage works with, and what it said. Nobody is there to answer questions. */
export function stageRig(options: {
  readonly dataDir: string
  readonly arguments?: Readonly<Record<string, ArgumentValue>>
  readonly signal?: AbortSignal
  readonly onStep?: () => void
}): StageRig {
  const notes: string[] = []
  const warnings: string[] = []
  const written: string[] = []
  return {
    notes,
    warnings,
    written,
    context: {
      arguments: new StageArguments(options.arguments ?? {}),
      dataDir: options.dataDir,
      ffmpegPath: null,
      searchPath: process.env['PATH'] ?? '',
      clock: systemClock,
      signal: options.signal ?? new AbortController().signal,
      progress: {
        note: (line) => void notes.push(line),
        warn: (line) => void warnings.push(line),
        step: () => options.onStep?.(),
      },
      confirm: () => Promise.resolve(false),
      writeLine: async (line) => void written.push(line),
    },
  }
}
