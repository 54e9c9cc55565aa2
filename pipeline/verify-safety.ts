import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { contentSize } from '#gpu/letterbox.ts'
import { openModel, type PixelBatch } from '#gpu/model.ts'
import { messageOf } from '#std/coded-error.ts'
import { atMost, type GateCheck, type GateResult, gateResult, holds, leftOut } from './gate.ts'
import { sha256Of } from './model-sources.ts'
import { withNanOutputs } from './nan-outputs.ts'
import { toldByModel } from './told-boxes.ts'
import { noisePair, type PicturePair, picturePair, type VerifySubject } from './verify-subject.ts'

const camera = { width: 1280, height: 720 }
const repeats = 10
const leakRuns = 1000
/** Memory has settled by then. */
const leakSettledRuns = 200
/** 10 kB a run; under 1 MB was measured, and YOLOX-Nano's output of one picture is 700 kB. */
const leakMaxMb = 8

/** Gate F: what must not break a server that runs for months. */
export async function verifySafety(subject: VerifySubject): Promise<GateResult> {
  const { model } = subject
  const size = contentSize(model.card.input, camera)
  const pair = noisePair(size, 11, model.card)
  return gateResult('F', [
    holds('NaN', await nanNetwork(subject, pair)),
    ...(await blankPictures(subject)),
    holds(
      'empty batch',
      await abuse(subject, pair, { pixels: new Uint8Array(), count: 0, ...size }),
    ),
    holds(
      'wrong size',
      await abuse(subject, pair, { pixels: pair.pixels.subarray(3), count: 1, ...size }),
    ),
    await permutation(subject),
    holds('determinism', await determinism(subject)),
    await leak(subject, pair),
  ])
}

/** null: nothing told, and no error. */
async function nanNetwork(
  { paths, executionProviders, clock, model }: VerifySubject,
  { pixels, width, height }: PicturePair,
): Promise<string | null> {
  const folder = await mkdtemp(join(tmpdir(), 'sightline-nan-'))
  try {
    const bytes = withNanOutputs(await readFile(paths.modelPath))
    const modelPath = join(folder, 'nan.onnx')
    const cardPath = join(folder, 'nan.json')
    const prepared = { ...model.card.prepared, sha256: sha256Of(bytes), bytes: bytes.length }
    await writeFile(modelPath, bytes)
    await writeFile(cardPath, JSON.stringify({ ...model.card, prepared }))
    await using broken = await openModel({
      modelPath,
      cardPath,
      executionProviders,
      intraOpThreads: 1,
      clock,
    })
    const { detections } = await broken.run({ pixels, count: 1, width, height })
    const count = (detections[0]?.length ?? 0) / 6
    return count === 0 ? null : `a network that answers NaN has ${count} boxes told`
  } catch (error) {
    return `a network that answers NaN ends in an error: ${messageOf(error)}`
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Nothing is seen where nothing is, and every number is one. */
async function blankPictures({ model }: VerifySubject): Promise<readonly GateCheck[]> {
  const size = contentSize(model.card.input, camera)
  const checks: GateCheck[] = []
  for (const [name, byte] of [
    ['all black', 0],
    ['all white', 255],
  ] as const) {
    const pixels = new Uint8Array(size.width * size.height * 3).fill(byte)
    const outputs = await model.runRaw({ pixels, count: 1, ...size })
    const { detections } = await model.run({ pixels, count: 1, ...size })
    const told = toldByModel(detections[0] ?? new Float32Array(), model.card)
    const isFinite = outputs.every(({ data }) => data.every(Number.isFinite))
    const found = isFinite
      ? told.map(({ className }) => className).join(', ')
      : 'numbers that are none'
    checks.push(holds(name, found === '' ? null : found))
  }
  return checks
}

/** null: refused or answered with nothing, and the next picture has what it had before. */
async function abuse(
  { model }: VerifySubject,
  { pixels, width, height }: PicturePair,
  batch: PixelBatch,
): Promise<string | null> {
  const good = { pixels, count: 1, width, height }
  const before = await model.runRaw(good)
  let answer = 'nothing'
  try {
    const { detections } = await model.run(batch)
    if (detections.some(({ length }) => length > 0)) answer = 'boxes'
    if (detections.length !== batch.count) answer = `${detections.length} pictures`
  } catch (error) {
    // Refused: that is an answer, too. What counts is what comes after it.
    answer = error instanceof Error ? 'nothing' : String(error)
  }
  if (answer !== 'nothing') return `answered with ${answer}`
  return areEqual(before, await model.runRaw(good)) ? null : 'the next picture has another answer'
}

/** Each picture's boxes do not depend on its place in the batch. */
async function permutation(subject: VerifySubject): Promise<GateCheck> {
  const { model } = subject
  const { batchMax } = model.card.prepared
  if (batchMax !== null && batchMax < 3)
    return leftOut('batch permutation', `the file takes ${batchMax} picture a run`)
  const size = contentSize(model.card.input, camera)
  const pairs = [1, 2, 3].map((seed) => noisePair(size, seed, model.card))
  const run = async (order: readonly number[]) => {
    const pixels = Buffer.concat(order.flatMap((index) => pairs[index]?.pixels ?? []))
    const [output] = await model.runRaw({ pixels: new Uint8Array(pixels), count: 3, ...size })
    const data = output?.data ?? new Float32Array()
    const length = data.length / 3
    return (picture: number) => {
      const at = order.indexOf(picture)
      return [{ data: data.subarray(at * length, (at + 1) * length) }]
    }
  }
  const [first, second] = [await run([0, 1, 2]), await run([2, 0, 1])]
  const differs = [0, 1, 2].filter((picture) => !areEqual(first(picture), second(picture)))
  return holds(
    'batch permutation',
    differs.length === 0 ? null : `${differs.length} of 3 pictures depend on their place`,
  )
}

/** To the last bit. */
async function determinism(subject: VerifySubject): Promise<string | null> {
  const [path] = subject.pictures
  if (path === undefined) return 'there is no picture to try on'
  const { pixels, width, height } = await picturePair(path, subject)
  const batch = { pixels, count: 1, width, height }
  const first = await subject.model.runRaw(batch)
  for (let i = 1; i < repeats; i++)
    if (!areEqual(first, await subject.model.runRaw(batch)))
      return `run ${i + 1} differs from the first`
  return null
}

async function leak(
  { model, signal, progress }: VerifySubject,
  { pixels, width, height }: PicturePair,
): Promise<GateCheck> {
  let settledBytes = 0
  for (let run = 1; run <= leakRuns; run++) {
    signal.throwIfAborted()
    await model.run({ pixels, count: 1, width, height })
    if (run === leakSettledRuns) settledBytes = residentBytes()
    progress.step('gate F, memory', run, leakRuns, 'runs')
  }
  const grownMb = (residentBytes() - settledBytes) / 2 ** 20
  return atMost(`growth in ${leakRuns} runs`, Math.max(0, grownMb), leakMaxMb, ' MB')
}

/** After what nobody holds is gone: garbage that waits for its collection is no leak, and was up to 21 MB here. */
function residentBytes(): number {
  setFlagsFromString('--expose-gc')
  const collect: unknown = runInNewContext('gc')
  if (typeof collect === 'function') collect()
  return process.memoryUsage.rss()
}

function areEqual(
  a: readonly { readonly data: Float32Array }[],
  b: readonly { readonly data: Float32Array }[],
): boolean {
  return a.every(({ data }, i) => Buffer.compare(bytesOf(data), bytesOf(b[i]?.data)) === 0)
}

function bytesOf(data: Float32Array = new Float32Array()): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
}
