import type { Config } from '#config/schema.ts'
import type { Clock } from '#std/clock.ts'
import type { StageArguments } from './stage-arguments.ts'

/**
 * One stage of the pipeline: a module exports one of these, `pipeline/stages.ts` names it, and `npm run pipeline --
 * <name>` runs it. Running a stage again does nothing that is done already, and ends with the same bytes.
 */
export interface Stage {
  readonly name: string
  /** One line for the list of stages: what it makes of what. */
  readonly summary: string
  /** What a person types after the name, such as `FILE...`; absent: positional arguments are refused. */
  readonly operands?: string
  /** Besides the common ones: --in --out --config --json --quiet --yes --help. */
  readonly options: Readonly<Record<string, StageOption>>
  /**
   * Throws StageError (or another CodedError) for what a person can put right: exit code 2. Rejects with
   * `signal.reason` when it was interrupted: exit code 130. Any other error is a bug: stack, exit code 1.
   */
  run(context: StageContext): Promise<StageOutcome>
}

/** An option in the words of node:util parseArgs, and what `--help` says of it. */
export interface StageOption {
  readonly type: 'string' | 'boolean'
  readonly multiple?: boolean
  readonly default?: string
  /** What stands for the value in the help: `DIR`, `kitti8|kitti3|coco`. */
  readonly value?: string
  readonly help: string
}

/** What a stage works with; `dataDir` (absolute) holds models, environments, datasets. */
export interface StageContext extends Pick<Config, 'dataDir' | 'ffmpegPath' | 'searchPath'> {
  /** Values of the stage's own and of the common options. */
  readonly arguments: StageArguments
  readonly clock: Clock
  /** Aborted by Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal
  readonly progress: Progress
  /** Asks on the terminal; true at once with --yes, false where nobody is there to answer. */
  readonly confirm: (question: string) => Promise<boolean>
  /** A line on stdout while the stage runs: for stages that print JSON lines. Resolves when it was taken. */
  readonly writeLine: (line: string) => Promise<void>
}

/** On stderr; silent with --quiet. */
export interface Progress {
  /** One line that stays: what happened. */
  readonly note: (line: string) => void
  /** Shown whatever else is quiet: something that a person should put right. */
  readonly warn: (line: string) => void
  /**
   * How far a long step is. A terminal shows it in place, at most ten times a second; elsewhere a line every ten
   * seconds. `unit` is what is counted: `images`, `MB`.
   */
  readonly step: (what: string, done: number, total: number | null, unit: string) => void
}

/** What a stage ends with. */
export interface StageOutcome {
  /** `failed`: it ran, and what it checked does not hold: exit code 1. */
  readonly verdict: 'done' | 'failed'
  /** The one document that --json prints; null where the stage wrote its lines itself. */
  readonly document: unknown
  /** What a person reads on stdout without --json. */
  readonly lines: readonly string[]
}
