import { describeOutputs } from '#gpu/heads/bind-outputs.ts'
import type { HeadCard, HeadFamily } from '#gpu/heads/head-schema.ts'
import { imageAxes } from './image-axes.ts'
import { nanodetLevels } from './nanodet-levels.ts'
import type { OnnxFacts } from './onnx-facts.ts'
import { PrepareError } from './prepare-error.ts'

export interface HeadGuess {
  readonly head: HeadCard
  /** By the outputs' shapes; null where they do not tell. */
  readonly classCount: number | null
  /** The file leaves no doubt: by its metadata, or by the names of its outputs. */
  readonly isCertain: boolean
}

/** What people read of each family: how to name it, and what its outputs look like. */
const forms: Readonly<Record<HeadFamily, string>> = {
  yolox: 'raw [N, anchors, 5 + classes] of YOLOX (not YOLOv5, whose boxes are decoded)',
  yolov8: '[N, 4 + classes, anchors] of YOLOv8, 9, 11, 12',
  'end-to-end': '[N, boxes, 6] of YOLOv10, YOLO26',
  detr: 'labels, boxes, scores of RT-DETR, D-FINE, DEIM',
  'detr-raw': 'logits and boxes of RT-DETR, D-FINE (Hugging Face), RF-DETR',
  nanodet: 'two outputs a stride of NanoDet',
}
export const headFamilies: readonly HeadFamily[] = [
  'yolox',
  'yolov8',
  'end-to-end',
  'detr',
  'detr-raw',
  'nanodet',
]

/**
 * Which head reads a file's outputs: the one that is asked for, where they can be its, else the one that the file
 * leaves no doubt about. Throws PrepareError `head_doubtful` with the heads that it could be, `model_unknown` where
 * there is none.
 */
export function guessHead(facts: OnnxFacts, asked: HeadFamily | null): HeadGuess {
  const task = facts.metadata.get('task')
  if (task !== undefined && task !== 'detect')
    throw new PrepareError('model_unknown', `its task is “${task}”, not to detect`)
  const outputs = describeOutputs(facts.outputs)
  const possible = headFamilies.flatMap((family) => {
    const guess = readers[family](facts)
    return guess === null ? [] : [guess]
  })
  const choices = possible.map(({ head }) => `${head.family} (${forms[head.family]})`).join(' or ')
  if (asked !== null) {
    const guess = possible.find(({ head }) => head.family === asked)
    if (guess !== undefined) return guess
    const instead = choices === '' ? '' : `; they could be of --head ${choices}`
    throw new PrepareError(
      'head_doubtful',
      `--head ${asked} reads ${forms[asked]}, but its outputs are ${outputs}${instead}`,
    )
  }
  const certain = possible.filter(({ isCertain }) => isCertain)
  if (certain.length === 1 && certain[0] !== undefined) return certain[0]
  if (choices === '')
    throw new PrepareError(
      'model_unknown',
      `no head reads its outputs: ${outputs}. Known are ${Object.values(forms).join('; ')}`,
    )
  throw new PrepareError(
    'head_doubtful',
    `which head reads its outputs? ${outputs} could be of ${choices}: give --head ${possible[0]?.head.family ?? ''}` +
      `${possible.length > 1 ? ' or another of these' : ''}, if that is what it is`,
  )
}

type Reader = (facts: OnnxFacts) => HeadGuess | null

const readers: Readonly<Record<HeadFamily, Reader>> = {
  yolox(facts) {
    const [, anchors, values] = onlyOutput(facts)
    const { width, height } = imageAxes(facts)
    const strides = [8, 16, 32]
    if (values === undefined || values === null || values < 6 || isUltralytics(facts)) return null
    const isRight =
      anchors === null || width === null || height === null
        ? anchors === null
        : anchors === sum(strides.map((stride) => (width / stride) * (height / stride)))
    if (!isRight) return null
    return { head: { family: 'yolox', strides }, classCount: values - 5, isCertain: false }
  },
  yolov8(facts) {
    const [, values, anchors] = onlyOutput(facts)
    if (values === undefined || values === null || values < 5) return null
    if (anchors !== null && (anchors ?? 0) <= values) return null
    const isCertain = isUltralytics(facts) && !endsItself(facts)
    return { head: { family: 'yolov8' }, classCount: values - 4, isCertain }
  },
  'end-to-end'(facts) {
    const [, boxes, values] = onlyOutput(facts)
    if (values !== 6 || (boxes ?? 0) > endToEndBoxesMax) return null
    const isCertain = isUltralytics(facts) && endsItself(facts)
    return { head: { family: 'end-to-end' }, classCount: null, isCertain }
  },
  detr({ outputs, takesSizes }) {
    const names = { labels: 'labels', boxes: 'boxes', scores: 'scores' }
    if (!Object.values(names).every((name) => outputs.some((output) => output.name === name)))
      return null
    return { head: { family: 'detr', outputs: names }, classCount: null, isCertain: takesSizes }
  },
  'detr-raw'({ outputs }) {
    const boxes = outputs.find(({ dims }) => dims.length === 3 && dims[2] === 4)
    const logits = outputs.find((each) => each !== boxes && each.dims.length === 3)
    if (outputs.length !== 2 || boxes === undefined || logits === undefined) return null
    const isCertain = boxNames.test(boxes.name) && logitNames.test(logits.name)
    const names = { logits: logits.name, boxes: boxes.name }
    const head = { family: 'detr-raw', outputs: names } as const
    return { head, classCount: logits.dims[2] ?? null, isCertain }
  },
  nanodet(facts) {
    const found = nanodetLevels(facts)
    if (found === null) return null
    const head = { family: 'nanodet', levels: found.levels, cellCentre: 0.5 } as const
    return { head, classCount: found.classCount, isCertain: true }
  },
}

/** YOLOv10 and 26 give 300. */
const endToEndBoxesMax = 1000
const boxNames = /^(pred_boxes|dets)$/
const logitNames = /^(logits|pred_logits|labels)$/

function onlyOutput({ outputs }: OnnxFacts): readonly (number | null)[] {
  const [output] = outputs
  return outputs.length === 1 && output?.dims.length === 3 ? output.dims : []
}

/** Its exports name stride, task and classes. */
function isUltralytics({ metadata }: OnnxFacts): boolean {
  return metadata.has('stride') && metadata.has('task') && metadata.has('names')
}

/** It suppresses in the network: by its kind, or because it was exported with `nms`. */
function endsItself({ metadata }: OnnxFacts): boolean {
  const hasNms = /'nms': True/.test(metadata.get('args') ?? '')
  return hasNms || metadata.get('end2end')?.toLowerCase() === 'true'
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
