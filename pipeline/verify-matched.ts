import { atLeast, type GateResult, gateResult } from './gate.ts'
import { referenceOverlap } from './reference-boxes.ts'
import type { ToldBox } from './reference-model.ts'
import { toldByModel } from './told-boxes.ts'
import { picturePair, type Precision, type VerifySubject } from './verify-subject.ts'

/** A box so near the threshold may be told by one and not by the other. */
const guard = 0.02
/** With fewer, agreement says little. */
const boxesMin = 10

interface Bound {
  /** Intersection over union of two boxes that are one. */
  readonly overlap: number
  /** Share of the boxes that have a partner. */
  readonly share: number
}

const bounds: Readonly<Record<Precision, Bound>> = {
  fp32: { overlap: 0.99, share: 1 },
  fp16: { overlap: 0.95, share: 0.99 },
  int8: { overlap: 0.8, share: 0.95 },
}

/**
 * Gate B: what is told of real pictures after head and suppression. Each box that the model is sure of has one of the
 * reference, of the same class and in the same place, and the other way round.
 */
export async function verifyMatched(subject: VerifySubject): Promise<GateResult> {
  const { model, reference, pictures, precision, signal, progress } = subject
  const { thresholds } = reference.card
  const bound = bounds[precision]
  let sure = 0
  let matched = 0
  for (const [index, path] of pictures.entries()) {
    signal.throwIfAborted()
    const { pixels, width, height, rgb } = await picturePair(path, subject)
    const { detections } = await model.run({ pixels, count: 1, width, height })
    const served = toldByModel(detections[0] ?? new Float32Array(), model.card)
    const score = Math.max(0, thresholds.score - guard)
    const plain = await reference.told(rgb, { ...thresholds, score })
    for (const [from, to] of [
      [served, plain],
      [plain, served],
    ] as const)
      for (const box of from) {
        if (box.score < thresholds.score + guard) continue
        sure++
        if (to.some((other) => isSame(box, other, bound.overlap))) matched++
      }
    progress.step('gate B', index + 1, pictures.length, 'pictures')
  }
  return gateResult('B', [
    atLeast('boxes of both', sure, boxesMin, ''),
    atLeast(
      `matched at IoU ${bound.overlap}`,
      sure === 0 ? 0 : (100 * matched) / sure,
      100 * bound.share,
      ' %',
    ),
  ])
}

function isSame(a: ToldBox, b: ToldBox, overlapMin: number): boolean {
  return a.className === b.className && referenceOverlap(a, b) >= overlapMin
}
