import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { openDetector } from '#gpu/open-detector.ts'
import { findFfmpeg } from '#server/decode/find-ffmpeg.ts'
import { writeFileAtomically } from '#std/atomic-file.ts'
import { silentLog } from '#std/log.ts'
import { readCocoTruth } from './coco-files.ts'
import { cocoLines, evaluateCocoFile, evaluateCocoModel } from './evaluate-coco.ts'
import { evaluateKittiFolder, evaluateKittiModel, kittiLines } from './evaluate-kitti.ts'
import type { EvaluatedModel, EvaluationDocument } from './evaluation.ts'
import { type BatchLatency, measureLatency } from './measure-latency.ts'
import { type ModelPaths, modelPathsOf } from './model-paths.ts'
import { evaluationScoreMin, openForEvaluation } from './open-for-evaluation.ts'
import { StageError } from './stage-error.ts'
import type { Stage, StageContext, StageOutcome } from './stage.ts'

/** Ground truth and detections, or pictures and a model -> precision. The number that promotes a model is this one. */
export const evaluateStage: Stage = {
  name: 'evaluate',
  summary: 'measures mean average precision through the serving code',
  options: {
    gt: {
      type: 'string',
      value: 'FILE|DIR',
      help: 'ground truth: a COCO file, or KITTI’s label_2',
    },
    detections: {
      type: 'string',
      value: 'FILE|DIR',
      help: 'what was found: a COCO results file or a folder of KITTI result files; else a model looks',
    },
    images: { type: 'string', value: 'DIR', help: 'pictures of the ground truth (or --in)' },
    model: {
      type: 'string',
      value: 'NAME|FILE',
      default: 'yolox-nano',
      help: 'a prepared model, or a prepared .onnx file with its card beside it',
    },
    protocol: { type: 'string', value: 'coco|kitti', default: 'coco', help: 'rules' },
    map: {
      type: 'string',
      multiple: true,
      value: 'CLASS=CLASS',
      help: 'a class of the model that the ground truth calls otherwise, person=Pedestrian',
    },
    'score-min': {
      type: 'string',
      value: 'SHARE',
      default: String(evaluationScoreMin),
      help: 'boxes of lower scores are not counted',
    },
    providers: {
      type: 'string',
      value: 'LIST',
      default: 'cpu',
      help: 'execution providers in the order of trial, tensorrt,cuda,cpu',
    },
    latency: { type: 'boolean', help: 'measure what batches take in the serving detector, too' },
  },
  async run(context) {
    const protocol = context.arguments.oneOf('protocol', ['coco', 'kitti']) ?? 'coco'
    const given = context.arguments.path('detections')
    if (given !== null) return evaluateGiven(context, protocol, given)
    return evaluateModel(context, protocol)
  },
}

async function evaluateGiven(
  { arguments: typed }: StageContext,
  protocol: 'coco' | 'kitti',
  detections: string,
): Promise<StageOutcome> {
  const gt = typed.requiredPath('gt')
  const common = { model: null, latency: null }
  if (protocol === 'kitti') {
    const { result, ...counts } = await evaluateKittiFolder(gt, detections)
    return outcomeOf({ ...common, ...counts, protocol, ap: result })
  }
  const found = await evaluateCocoFile(await readCocoTruth(gt), detections)
  const { result, images, leftOut } = found
  const counts = { images, leftOut, detections: found.detections.length }
  return outcomeOf({ ...common, ...counts, protocol, ...result })
}

async function evaluateModel(
  context: StageContext,
  protocol: 'coco' | 'kitti',
): Promise<StageOutcome> {
  const { arguments: typed, clock, signal, progress } = context
  const gt = typed.requiredPath('gt')
  const images = typed.path('images') ?? typed.requiredPath('in')
  const scoreMin = typed.number('score-min', { min: 0, max: 1 }) ?? evaluationScoreMin
  const executionProviders = (typed.text('providers') ?? 'cpu').split(',')
  const paths = modelPathsOf(typed.text('model') ?? 'yolox-nano', context.dataDir)
  const { path: ffmpegPath } = await findFfmpeg({ ...context, configuredPath: context.ffmpegPath })
  const latency = typed.isSet('latency')
    ? await latencyOf(context, { paths, ffmpegPath, executionProviders })
    : null
  await using model = await openForEvaluation({
    ...paths,
    scoreMin,
    executionProviders,
    intraOpThreads: availableParallelism(),
    clock,
  })
  const { card, executionProvider } = model
  const about: EvaluatedModel = {
    name: card.name,
    sha256: card.prepared.sha256,
    executionProvider,
    scoreMin,
  }
  const classes = typed.texts('map')
  const options = { model, ffmpegPath, images, classes, signal, progress }
  if (protocol === 'kitti') {
    const { result, ...counts } = await evaluateKittiModel(gt, options)
    return outcomeOf({ model: about, latency, ...counts, protocol, ap: result })
  }
  const found = await evaluateCocoModel(await readCocoTruth(gt), options)
  const out = typed.path('out')
  if (out !== null)
    await writeFileAtomically(join(out, 'detections.json'), `${JSON.stringify(found.detections)}\n`)
  const { result, leftOut } = found
  const counts = { images: found.images, leftOut, detections: found.detections.length }
  return outcomeOf({ model: about, latency, ...counts, protocol, ...result })
}

async function latencyOf(
  { clock, signal, dataDir }: StageContext,
  options: {
    readonly paths: ModelPaths
    readonly ffmpegPath: string
    readonly executionProviders: readonly string[]
  },
): Promise<readonly BatchLatency[]> {
  await using detector = await openDetector({
    ...options.paths,
    photoPath: join(dataDir, 'self-test', 'parkour.jpg'),
    ffmpegPath: options.ffmpegPath,
    executionProviders: options.executionProviders,
    clock,
    log: silentLog,
  })
  const { executionProvider } = detector.status()
  // As many cameras as the server would put into one batch there.
  const streams = executionProvider === 'cpu' ? 1 : 32
  const source = { width: 1280, height: 720 }
  return await measureLatency({ detector, clock, signal, source, streams, rounds: 200 })
}

function outcomeOf(document: EvaluationDocument): StageOutcome {
  const { images, detections, leftOut, latency } = document
  if (images === 0) throw new StageError('input_invalid', 'the ground truth names no image')
  const head = `${images} images, ${detections} detections, ${leftOut} of other classes`
  const table = document.protocol === 'coco' ? cocoLines(document) : kittiLines(document.ap)
  const times = (latency ?? []).map(
    ({ batchSize, meanMs, p95Ms, width, height }) =>
      `batch of ${batchSize} at ${width}x${height}: mean ${meanMs.toFixed(2)}, p95 ${p95Ms.toFixed(2)} ms`,
  )
  return { verdict: 'done', document, lines: [head, '', ...table, ...times] }
}
