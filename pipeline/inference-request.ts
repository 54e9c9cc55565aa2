import type { StageArguments } from './stage-arguments.ts'
import { StageError } from './stage-error.ts'

const formatNames = ['jsonl', 'coco', 'pictures', 'video'] as const

/** What was asked of `infer`, checked. */
export interface InferenceRequest {
  /** File, folder or address as typed. */
  readonly input: string
  readonly model: string
  /** Absolute. */
  readonly out: string | null
  readonly formats: ReadonlySet<string>
  /** Lines go to stdout: they were asked for, or there is nowhere else. */
  readonly prints: boolean
  readonly framesMax: number | null
  readonly secondsMax: number | null
  readonly sessions: number | 'auto'
  readonly providers: readonly string[]
}

const sessionsMax = 64

/** Throws StageError `usage`. */
export function inferenceRequest(typed: StageArguments): InferenceRequest {
  const out = typed.path('out')
  const formats = typed.texts('format').flatMap((each) => each.split(','))
  for (const format of formats)
    if (!formatNames.some((name) => name === format))
      throw new StageError('usage', `--format must be ${formatNames.join(', ')}, not ${format}`)
  if (formats.length > 0 && out === null)
    throw new StageError('usage', '--format says what is written to --out, which is missing')
  const isAuto = typed.text('sessions') === 'auto' || typed.text('sessions') === null
  return {
    input: typed.requiredText('in'),
    model: typed.text('model') ?? 'yolox-nano',
    out,
    formats: new Set(formats.length === 0 ? ['jsonl'] : formats),
    prints: typed.isSet('json') || out === null,
    framesMax: whole(typed, 'frames'),
    secondsMax: typed.number('seconds', { min: 0.001, max: 1e9 }),
    sessions: isAuto ? 'auto' : (whole(typed, 'sessions', sessionsMax) ?? 1),
    providers: (typed.text('providers') ?? 'cpu').split(','),
  }
}

function whole(typed: StageArguments, name: string, max = 1e9): number | null {
  const value = typed.number(name, { min: 1, max })
  if (value !== null && !Number.isInteger(value))
    throw new StageError('usage', `--${name} must be a whole number, not ${value}`)
  return value
}
