import { classMapOf } from './class-map.ts'
import type { CocoDetection, CocoTruth } from './coco-files.ts'
import { type CocoResult, cocoMap } from './coco-map.ts'
import { atMost, type GateCheck, type GateResult, gateResult, leftOut } from './gate.ts'
import { evaluationScoreMin, openForEvaluation } from './open-for-evaluation.ts'
import type { ToldBox } from './reference-model.ts'
import { toldByModel } from './told-boxes.ts'
import { picturePair, type Precision, type VerifySubject } from './verify-subject.ts'

/** Points of mean average precision, 0..100, that serving may lose. */
const dropMax: Readonly<Record<Precision, number>> = { fp32: 0.1, fp16: 0.3, int8: 1 }
const classDropMax = 2
const detectionsMax = 1000

interface Told {
  readonly path: string
  readonly width: number
  readonly height: number
  readonly served: readonly ToldBox[]
  readonly plain: readonly ToldBox[]
}

/**
 * Gate C: mean average precision of the serving code against the reference's, on labelled pictures; without labels
 * the boxes that the reference is sure of stand in for them.
 */
export async function verifyDataset(
  subject: VerifySubject,
  classes: readonly string[],
): Promise<GateResult> {
  const told = await tellAll(subject)
  const truth = subject.truth ?? truthOfReference(subject, told)
  const names = truth.categories.map(({ name }) => name)
  const results = (['plain', 'served'] as const).map((which) => {
    const { card } = which === 'served' ? subject.model : subject.reference
    const map = classMapOf(card.classes, names, classes)
    const nameOf = (className: string) => map[card.classes.indexOf(className)] ?? null
    return cocoMap(truth, detectionsOf(told, truth, { which, nameOf }))
  })
  const [plain, served] = results
  if (plain === undefined || served === undefined || plain.stats[0] === -1)
    return gateResult('C', [leftOut('mAP', 'there is nothing to find on these pictures')])
  return gateResult('C', [
    atMost(
      `drop from ${points(plain.stats[0])} to ${points(served.stats[0])} mAP${subject.truth === null ? ', the reference’s boxes as labels' : ''}`,
      drop(plain.stats[0], served.stats[0]),
      dropMax[subject.precision],
      ' points',
    ),
    worstClass(plain, served),
    leftOut('other runtimes', 'onnxruntime-node is the one that is here'),
  ])
}

async function tellAll(subject: VerifySubject): Promise<readonly Told[]> {
  const { reference, pictures, signal, progress } = subject
  await using model = await openForEvaluation({
    ...subject.paths,
    scoreMin: evaluationScoreMin,
    executionProviders: subject.executionProviders,
    intraOpThreads: 1,
    clock: subject.clock,
  })
  const thresholds = { ...reference.card.thresholds, score: evaluationScoreMin, detectionsMax }
  const all: Told[] = []
  for (const [index, path] of pictures.entries()) {
    signal.throwIfAborted()
    const { pixels, width, height, rgb, source } = await picturePair(path, subject)
    const { detections } = await model.run({ pixels, count: 1, width, height })
    const served = toldByModel(detections[0] ?? new Float32Array(), model.card)
    const plain = await reference.told(rgb, thresholds)
    all.push({ path, ...source, served, plain })
    progress.step('gate C', index + 1, pictures.length, 'pictures')
  }
  return all
}

function truthOfReference({ reference }: VerifySubject, told: readonly Told[]): CocoTruth {
  const { classes, thresholds } = reference.card
  const annotations: CocoTruth['annotations'] = []
  for (const [image_id, { plain, width, height }] of told.entries())
    for (const box of plain) {
      if (box.score < thresholds.score) continue
      const bbox = boxOf(box, { width, height })
      annotations.push({
        id: annotations.length + 1,
        image_id,
        category_id: classes.indexOf(box.className),
        bbox,
        area: bbox[2] * bbox[3],
        iscrowd: 0,
      })
    }
  return {
    images: told.map((_, id) => ({ id })),
    categories: classes.map((name, id) => ({ id, name })),
    annotations,
  }
}

/** `truth.images` and `told` are of the same pictures in the same order. */
function detectionsOf(
  told: readonly Told[],
  truth: CocoTruth,
  options: {
    readonly which: 'served' | 'plain'
    readonly nameOf: (className: string) => string | null
  },
): readonly CocoDetection[] {
  const idOf = new Map(truth.categories.map(({ id, name }) => [name, id]))
  return told.flatMap((picture, index) =>
    picture[options.which].flatMap((box) => {
      const category_id = idOf.get(options.nameOf(box.className) ?? '')
      const image_id = truth.images[index]?.id
      if (category_id === undefined || image_id === undefined) return []
      return [{ image_id, category_id, bbox: boxOf(box, picture), score: box.score }]
    }),
  )
}

function boxOf(
  { left, top, right, bottom }: ToldBox,
  { width, height }: { readonly width: number; readonly height: number },
): readonly [number, number, number, number] {
  return [left * width, top * height, (right - left) * width, (bottom - top) * height]
}

function worstClass(plain: CocoResult, served: CocoResult): GateCheck {
  let worst = { name: 'none', points: 0 }
  for (const [index, { name, ap, objects }] of plain.classes.entries()) {
    if (objects === 0) continue
    const lost = drop(ap, served.classes[index]?.ap)
    if (!(lost <= worst.points)) worst = { name, points: lost }
  }
  return atMost(`worst class (${worst.name})`, worst.points, classDropMax, ' points')
}

function drop(from = NaN, to = NaN): number {
  return 100 * (from - to)
}

function points(share = NaN): string {
  return (100 * share).toFixed(2)
}
