import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type InspectableModel, openModel } from '#gpu/model.ts'
import { findFfmpeg } from '#server/decode/find-ffmpeg.ts'
import { type GateName, gateLine, type GateResult } from './gate.ts'
import { modelPathsOf } from './model-paths.ts'
import { ReferenceModel } from './reference-model.ts'
import { unreachable } from '#std/assert.ts'
import { StageError } from './stage-error.ts'
import type { Stage, StageContext } from './stage.ts'
import { verifyDataset } from './verify-dataset.ts'
import { picturesOf, rawFileOf, referenceCardOf } from './verify-inputs.ts'
import { verifyMatched } from './verify-matched.ts'
import { verifyRaw } from './verify-raw.ts'
import { verifySafety } from './verify-safety.ts'
import { verifySpeed } from './verify-speed.ts'
import { verifyEndToEnd } from './verify-end-to-end.ts'
import type { VerifySubject } from './verify-subject.ts'

/** A prepared model, held against its raw file, against the model that serves, and against misuse. */
export const verifyStage: Stage = {
  name: 'verify',
  summary: 'holds a prepared model against gates A to F; exit code 1 where one fails',
  options: {
    model: {
      type: 'string',
      value: 'NAME|FILE',
      default: 'yolox-nano',
      help: 'a prepared model, or a prepared .onnx file with its card beside it',
    },
    raw: {
      type: 'string',
      value: 'FILE',
      help: 'the file it was prepared from; found by hash beside it',
    },
    'reference-card': {
      type: 'string',
      value: 'FILE',
      help: 'what is right about it; the catalogue’s card of its name where there is one',
    },
    images: { type: 'string', value: 'DIR', help: 'pictures; those of the set-up where absent' },
    gt: { type: 'string', value: 'FILE', help: 'their labels, a COCO file' },
    map: { type: 'string', multiple: true, value: 'CLASS=CLASS', help: 'as for evaluate' },
    champion: {
      type: 'string',
      value: 'NAME|FILE',
      help: 'the model that serves today, for gate E',
    },
    precision: { type: 'string', value: 'fp32|fp16|int8', default: 'fp32', help: 'of the weights' },
    gates: { type: 'string', value: 'A,B,..', default: 'A,B,C,D,E,F', help: 'which ones' },
    providers: {
      type: 'string',
      value: 'LIST',
      default: 'cpu',
      help: 'execution providers in the order of trial, tensorrt,cuda,cpu',
    },
  },
  async run(context) {
    const folder = await mkdtemp(join(tmpdir(), 'sightline-verify-'))
    try {
      const gates = await runGates(context, folder)
      const hasFailed = gates.some(({ verdict }) => verdict === 'failed')
      return {
        verdict: hasFailed ? 'failed' : 'done',
        document: { verdict: hasFailed ? 'failed' : 'passed', gates },
        lines: gates.map(gateLine),
      }
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  },
}

const gateNames: readonly GateName[] = ['A', 'B', 'C', 'D', 'E', 'F']

async function runGates(context: StageContext, folder: string): Promise<readonly GateResult[]> {
  const { arguments: typed, dataDir, clock, signal, progress } = context
  const wanted = wantedGates(typed.text('gates') ?? '')
  const { path: ffmpegPath } = await findFfmpeg({ ...context, configuredPath: context.ffmpegPath })
  const executionProviders = (typed.text('providers') ?? 'cpu').split(',')
  const paths = modelPathsOf(typed.text('model') ?? 'yolox-nano', dataDir)
  const common = { executionProviders, intraOpThreads: 1, clock }
  await using model = await openModel({ ...paths, ...common })
  const raw = await rawFileOf(typed.path('raw'), paths, model.card)
  const { card, basis } = await referenceCardOf(typed.path('reference-card'), model.card)
  if (basis === 'its own')
    progress.warn(`the catalogue has no ${card.name}: its own card is taken at its word`)
  await using reference = new ReferenceModel({ raw, card, intraOpThreads: 1 })
  const shown = await picturesOf(typed, { dataDir, ffmpegPath, folder })
  const precision = typed.oneOf('precision', ['fp32', 'fp16', 'int8']) ?? 'fp32'
  const subject: VerifySubject = {
    ...shown,
    pairs: new Map(),
    paths,
    model,
    reference,
    precision,
    executionProviders,
    ffmpegPath,
    clock,
    signal,
    progress,
  }
  await using champion = await championOf(context, common)
  const results: GateResult[] = []
  for (const gate of wanted) {
    signal.throwIfAborted()
    results.push(await runGate(gate, { subject, context, champion }))
  }
  return results
}

function runGate(
  gate: GateName,
  parts: {
    readonly subject: VerifySubject
    readonly context: StageContext
    readonly champion: InspectableModel | null
  },
): Promise<GateResult> {
  const { subject, context, champion } = parts
  switch (gate) {
    case 'A':
      return verifyRaw(subject, pythonOf(context.dataDir))
    case 'B':
      return verifyMatched(subject)
    case 'C':
      return verifyDataset(subject, context.arguments.texts('map'))
    case 'D':
      return verifyEndToEnd(subject, {
        dataDir: context.dataDir,
        classes: context.arguments.texts('map'),
      })
    case 'E':
      return verifySpeed(subject, champion)
    case 'F':
      return verifySafety(subject)
    default:
      return unreachable(gate)
  }
}

function wantedGates(typed: string): readonly GateName[] {
  const names = typed.split(',').map((name) => name.trim().toUpperCase())
  const unknown = names.find((name) => !gateNames.some((gate) => gate === name))
  if (unknown !== undefined)
    throw new StageError(
      'usage',
      `--gates ${typed}: “${unknown}” is none of ${gateNames.join(', ')}`,
    )
  return gateNames.filter((gate) => names.includes(gate))
}

/** The environment of the set-up step python:eval. */
function pythonOf(dataDir: string): string | null {
  const path = join(dataDir, 'python', 'eval', 'bin', 'python')
  return existsSync(path) ? path : null
}

async function championOf(
  { arguments: typed, dataDir }: StageContext,
  common: Pick<Parameters<typeof openModel>[0], 'executionProviders' | 'intraOpThreads' | 'clock'>,
): Promise<InspectableModel | null> {
  const asked = typed.text('champion')
  return asked === null ? null : openModel({ ...modelPathsOf(asked, dataDir), ...common })
}
