import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Size } from '#gpu/letterbox.ts'
import { classMapOf } from './class-map.ts'
import type { CocoDetection, CocoTruth } from './coco-files.ts'
import { cocoMap } from './coco-map.ts'
import { atLeast, atMost, type GateResult, gateResult, holds, leftOut } from './gate.ts'
import { makePictureClip } from './picture-clip.ts'
import type { ToldBox } from './reference-model.ts'
import { referenceOverlap } from './reference-boxes.ts'
import { serveClip, type ServedFrame } from './served-clip.ts'
import { toldByModel } from './told-boxes.ts'
import { picturePair, type VerifySubject } from './verify-subject.ts'

/** Points of mean average precision that the way through a camera may cost. */
const dropMax = 1
/** Frames a second: slow enough that a CPU detects every one beside whatever else it does. */
const fps = 5
/** 12 s a round. */
const picturesMax = 60
const picturesMin = 5
/** Without labels, a box that the reference is less sure of is asked of nobody: a codec may tip it over the threshold. */
const doubt = 0.15

interface Shown {
  /** Index into the subject's pictures. */
  readonly index: number
  readonly path: string
  /** From the file, as gate C has it but at the threshold that serves. */
  readonly told: readonly ToldBox[]
  readonly plain: readonly ToldBox[]
}

/**
 * Gate D: pictures as a camera's H.264 over RTSP into a server, and what its socket tells, against the same model on
 * the same pictures' files: decoder, scaling, scheduler and wire between the two.
 */
export async function verifyEndToEnd(
  subject: VerifySubject,
  options: { readonly dataDir: string; readonly classes: readonly string[] },
): Promise<GateResult> {
  const { size, shown } = await picturesOfOneSize(subject)
  if (shown.length < picturesMin)
    return gateResult('D', [
      leftOut(
        'mAP',
        `a clip needs ${picturesMin} pictures of one size, and these have ${shown.length}`,
      ),
    ])
  const folder = await mkdtemp(join(tmpdir(), 'sightline-gate-d-'))
  try {
    const { ffmpegPath, signal, paths, model, executionProviders, clock } = subject
    const clipPath = join(folder, 'clip.h264')
    const frameSize = await makePictureClip(
      shown.map(({ path }) => path),
      { ...size, fps, path: clipPath, ffmpegPath, signal },
    )
    const served = await serveClip({
      clipPath,
      frames: shown.length,
      fps,
      paths,
      card: model.card,
      executionProviders,
      dataDir: options.dataDir,
      folder,
      clock,
      signal,
    })
    if (served.kind === 'refused') return gateResult('D', [holds('serves', served.sentence)])
    return judge(subject, {
      size,
      frameSize,
      shown,
      served: served.frames,
      classes: options.classes,
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

interface Evidence {
  readonly size: Size
  /** Of the clip: a line or a column may have gone. */
  readonly frameSize: Size
  readonly shown: readonly Shown[]
  readonly served: readonly ServedFrame[]
  readonly classes: readonly string[]
}

function judge(subject: VerifySubject, evidence: Evidence): GateResult {
  const { size, frameSize, shown, served, classes } = evidence
  const places = placed(served, shown, {
    x: frameSize.width / size.width,
    y: frameSize.height / size.height,
  })
  const seen = shown.filter((_, index) => places.has(index))
  const truth = truthOf(subject, seen, size)
  const score = (boxesOf: (picture: Shown) => readonly ToldBox[]): number =>
    100 *
    (cocoMap(truth, detectionsOf(subject, { truth, seen, boxesOf, size, classes })).stats[0] ?? NaN)
  const byFile = score(({ told }) => told)
  const bySocket = score((picture) => places.get(shown.indexOf(picture)) ?? [])
  return gateResult('D', [
    atLeast('frames told', (100 * seen.length) / shown.length, 100, ' %'),
    atMost(
      `drop from ${byFile.toFixed(2)} to ${bySocket.toFixed(2)} mAP on ${seen.length} pictures`,
      byFile - bySocket,
      dropMax,
      ' points',
    ),
  ])
}

/** Those of the size that most have, in their order. */
async function picturesOfOneSize(
  subject: VerifySubject,
): Promise<{ readonly size: Size; readonly shown: readonly Shown[] }> {
  const { model, reference, pictures, signal, progress } = subject
  const bySize = new Map<string, { readonly size: Size; readonly shown: Shown[] }>()
  const { thresholds } = reference.card
  for (const [index, path] of pictures.slice(0, picturesMax).entries()) {
    signal.throwIfAborted()
    const { pixels, width, height, source, rgb } = await picturePair(path, subject)
    const { detections } = await model.run({ pixels, count: 1, width, height })
    const told = toldByModel(detections[0] ?? new Float32Array(), model.card)
    const plain = await reference.told(rgb, thresholds)
    const key = `${source.width}x${source.height}`
    const group = bySize.get(key) ?? { size: source, shown: [] }
    group.shown.push({ index, path, told, plain })
    bySize.set(key, group)
    progress.step('gate D', index + 1, Math.min(picturesMax, pictures.length), 'pictures')
  }
  const groups = [...bySize.values()].sort((a, b) => b.shown.length - a.shown.length)
  return groups[0] ?? { size: { width: 0, height: 0 }, shown: [] }
}

/**
 * Which picture each told frame shows: the clip goes round, and where in it the first told frame stood is not known.
 * It is where most boxes agree with the files'; pictures of a dataset are nothing alike.
 */
function placed(
  served: readonly ServedFrame[],
  shown: readonly Shown[],
  scale: { readonly x: number; readonly y: number },
): ReadonlyMap<number, readonly ToldBox[]> {
  let best: ReadonlyMap<number, readonly ToldBox[]> = new Map()
  let most = -Infinity
  for (let offset = 0; offset < shown.length; offset++) {
    const places = new Map<number, readonly ToldBox[]>()
    for (const { place, message } of served)
      places.set(
        (place + offset) % shown.length,
        message.objects.map(({ label, score, box: [left, top, width, height] }) => ({
          className: label,
          score,
          left: left * scale.x,
          top: top * scale.y,
          right: (left + width) * scale.x,
          bottom: (top + height) * scale.y,
        })),
      )
    const agreeing = [...places].reduce(
      (sum, [index, boxes]) => sum + agreement(boxes, shown[index]?.told ?? []),
      0,
    )
    if (agreeing <= most) continue
    most = agreeing
    best = places
  }
  return best
}

function agreement(boxes: readonly ToldBox[], others: readonly ToldBox[]): number {
  const isKnown = (box: ToldBox): boolean =>
    others.some((other) => other.className === box.className && referenceOverlap(box, other) > 0.5)
  const matched = boxes.filter(isKnown).length
  // A picture with nothing on it is recognised by that.
  return matched - (boxes.length - matched) - (others.length - matched)
}

function truthOf(
  { truth, reference }: VerifySubject,
  seen: readonly Shown[],
  size: Size,
): CocoTruth {
  if (truth !== null) {
    const images = seen.flatMap(({ index }) => truth.images[index] ?? [])
    const ids = new Set(images.map(({ id }) => id))
    return {
      ...truth,
      images,
      annotations: truth.annotations.filter((each) => ids.has(each.image_id)),
    }
  }
  const { classes, thresholds } = reference.card
  const annotations: CocoTruth['annotations'] = []
  for (const { index, plain } of seen)
    for (const box of plain) {
      const bbox = boxOf(box, size)
      annotations.push({
        id: annotations.length + 1,
        image_id: index,
        category_id: classes.indexOf(box.className),
        bbox,
        area: bbox[2] * bbox[3],
        iscrowd: box.score < thresholds.score + doubt ? 1 : 0,
      })
    }
  return {
    images: seen.map(({ index }) => ({ id: index })),
    categories: classes.map((name, id) => ({ id, name })),
    annotations,
  }
}

function detectionsOf(
  { model }: VerifySubject,
  options: {
    readonly truth: CocoTruth
    readonly seen: readonly Shown[]
    readonly boxesOf: (picture: Shown) => readonly ToldBox[]
    readonly size: Size
    readonly classes: readonly string[]
  },
): readonly CocoDetection[] {
  const { truth, seen, boxesOf, size, classes } = options
  const names = truth.categories.map(({ name }) => name)
  const map = classMapOf(model.card.classes, names, classes)
  const idOf = new Map(truth.categories.map(({ id, name }) => [name, id]))
  return seen.flatMap((picture, at) =>
    boxesOf(picture).flatMap((box) => {
      const category_id = idOf.get(map[model.card.classes.indexOf(box.className)] ?? '')
      const image_id = truth.images[at]?.id
      if (category_id === undefined || image_id === undefined) return []
      return [{ image_id, category_id, bbox: boxOf(box, size), score: box.score }]
    }),
  )
}

function boxOf(
  { left, top, right, bottom }: ToldBox,
  { width, height }: Size,
): readonly [number, number, number, number] {
  return [left * width, top * height, (right - left) * width, (bottom - top) * height]
}
