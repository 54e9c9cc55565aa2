import type { HeadOutput } from '#gpu/heads/head.ts'
import { contentSize, placementOf, type Size } from '#gpu/letterbox.ts'
import { atMost, type GateCheck, gateResult, type GateResult, holds, leftOut } from './gate.ts'
import { compareOutputs, worst, type RawDifference } from './raw-difference.ts'
import { runOnPython } from './onnx-on-python.ts'
import { noisePair, type PicturePair, picturePair, type VerifySubject } from './verify-subject.ts'

/** Pixels of what the network sees, and scores, that two runs of the same float weights may differ by. */
const edgeMaxPx = 0.05
const scoreMax = 1e-4
const seeds = [1, 2, 3]
const picturesMax = 8
/** The aspect of most cameras. */
const wide = { width: 1280, height: 720 }

/**
 * Gate A: the numbers that leave the network, before a head reads them. The prepared file with its prologue against
 * the raw one with the reference's pixels, on noise and on real pictures; three pictures at once against each alone;
 * onnxruntime in Python against onnxruntime here.
 */
export async function verifyRaw(
  subject: VerifySubject,
  python: string | null,
): Promise<GateResult> {
  const { model, reference } = subject
  const checks: GateCheck[] = [holds('classes', differentClasses(subject))]
  const noise = shapesOf(subject).flatMap((size) =>
    seeds.map((seed) => noisePair(size, seed, model.card)),
  )
  const pictures: PicturePair[] = []
  for (const path of subject.pictures.slice(0, picturesMax))
    pictures.push(await picturePair(path, subject))
  checks.push(
    ...differenceChecks('noise', await againstReference(subject, noise)),
    ...differenceChecks('pictures', await againstReference(subject, pictures)),
    ...(await batchChecks(subject, noise)),
    ...(await pythonChecks(subject, noise, python)),
    leftOut('torch', 'weights come as ONNX; the export stage compares with torch'),
  )
  if (!reference.decodesItself)
    checks.push(
      leftOut('decoding', 'this family has no second decoder: numbers are compared as they are'),
    )
  return gateResult('A', checks)
}

function differentClasses({ model, reference }: VerifySubject): string | null {
  const ours = model.card.classes
  const theirs = reference.card.classes
  if (ours.length !== theirs.length) return `${ours.length} classes instead of ${theirs.length}`
  const index = ours.findIndex((name, i) => name !== theirs[i])
  return index < 0
    ? null
    : `class ${index} is called “${ours[index]}” instead of “${theirs[index]}”`
}

/** Two: what the raw file is fixed to, and a camera's; one for a file that takes no other. */
function shapesOf({ model, reference }: VerifySubject): readonly Size[] {
  const { input } = model.card
  const full = reference.fixedSize ?? contentSize(input, { width: 1000, height: 1000 })
  const camera = contentSize(input, wide)
  return full.width === camera.width && full.height === camera.height ? [full] : [full, camera]
}

async function againstReference(
  { model, reference, signal, progress }: VerifySubject,
  pairs: readonly PicturePair[],
): Promise<readonly RawDifference[]> {
  const differences: RawDifference[] = []
  for (const [index, { pixels, width, height, rgb }] of pairs.entries()) {
    signal.throwIfAborted()
    const served = await model.runRaw({ pixels, count: 1, width, height })
    const { paddedWidth, paddedHeight } = placementOf(model.card.input, { width, height })
    const size = { width: paddedWidth, height: paddedHeight }
    const input = reference.input(rgb)
    const plain = await reference.outputs(input)
    differences.push(
      compareOutputs(
        reference,
        { outputs: plain, size: input, index: 0 },
        { outputs: served, size, index: 0 },
      ),
    )
    progress.step('gate A', index + 1, pairs.length, 'pictures')
  }
  return differences
}

/** Three pictures of one shape at once, and each alone. */
async function batchChecks(
  { model, reference }: VerifySubject,
  noise: readonly PicturePair[],
): Promise<readonly GateCheck[]> {
  const count = seeds.length
  const { batchMax } = model.card.prepared
  if (batchMax !== null && batchMax < count)
    return [leftOut('batch of 3', `the file takes ${batchMax} picture a run`)]
  const differences: RawDifference[] = []
  for (let from = 0; from < noise.length; from += count) {
    const group = noise.slice(from, from + count)
    const [{ width, height } = { width: 0, height: 0 }] = group
    const pixels = new Uint8Array(count * width * height * 3)
    for (const [index, each] of group.entries()) pixels.set(each.pixels, index * width * height * 3)
    const together = await model.runRaw({ pixels, count, width, height })
    const { paddedWidth, paddedHeight } = placementOf(model.card.input, { width, height })
    const size = { width: paddedWidth, height: paddedHeight }
    for (const [index, each] of group.entries()) {
      const alone = await model.runRaw({ pixels: each.pixels, count: 1, width, height })
      differences.push(
        compareOutputs(
          reference,
          { outputs: alone, size, index: 0 },
          { outputs: together, size, index },
        ),
      )
    }
  }
  return differenceChecks('batch of 3', differences)
}

async function pythonChecks(
  subject: VerifySubject,
  noise: readonly PicturePair[],
  python: string | null,
): Promise<readonly GateCheck[]> {
  const { reference, signal } = subject
  const inputs = noise.slice(0, seeds.length).map(({ rgb }) => reference.input(rgb))
  const found = await runOnPython({
    python,
    raw: reference.raw,
    inputs,
    layout: reference.card.input.layout,
    signal,
  })
  if (found.kind === 'left out') return [leftOut('onnxruntime in Python', found.reason)]
  const differences: RawDifference[] = []
  for (const [index, input] of inputs.entries()) {
    const here = await reference.outputs(input)
    const there: readonly HeadOutput[] = reference.bound(found.outputs[index] ?? [])
    differences.push(
      compareOutputs(
        reference,
        { outputs: here, size: input, index: 0 },
        { outputs: there, size: input, index: 0 },
      ),
    )
  }
  return differenceChecks(`onnxruntime ${found.version} in Python`, differences)
}

function differenceChecks(
  name: string,
  differences: readonly RawDifference[],
): readonly GateCheck[] {
  const { edgePx, score } = worst(differences)
  return [
    atMost(`${name}, boxes`, edgePx, edgeMaxPx, ' px'),
    atMost(`${name}, scores`, score, scoreMax, ''),
  ]
}
