import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, test } from 'node:test'
import { systemClock } from '#std/clock.ts'
import { inputGeometry, placementOf } from '#gpu/letterbox.ts'
import { type Model, openModel } from '#gpu/model.ts'
import type { CatalogueCard } from '#gpu/model-card.ts'
import { readCatalogueCard } from './catalogue-card.ts'
import { sha256Of } from './model-sources.ts'
import { prepareGraph } from './prepare-graph.ts'
import { prepareModel } from './prepare-models.ts'

/** What set-up prepared, and the raw file that it kept. */
const models = resolve(process.env['SIGHTLINE_DATA'] ?? 'data', 'models')
const rawPath = join(models, 'yolox-nano.raw.onnx')
const root = mkdtempSync(join(tmpdir(), 'sightline-prepare-'))
after(() => rmSync(root, { recursive: true }))
const card = await readCatalogueCard('yolox-nano')

function cli(...args: string[]) {
  const script = resolve(import.meta.dirname, 'prepare-models.ts')
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], {
    encoding: 'utf8',
  })
  return { status, stdout, stderr }
}

async function open(wanted: CatalogueCard): Promise<Model> {
  const dir = mkdtempSync(join(root, 'model-'))
  copyFileSync(rawPath, join(dir, 'raw.onnx'))
  await prepareModel({ card: wanted, dir, onLine: () => {} })
  return openModel({
    modelPath: join(dir, card.file),
    cardPath: join(dir, `${card.name}.json`),
    executionProviders: ['cpu'],
    intraOpThreads: 1,
    clock: systemClock,
  })
}

for (const [name, args] of [
  ['without a folder', []],
  ['with an unknown option', ['--out', root, '--fast']],
  ['with an empty folder name', ['--out', '']],
] as const)
  test(`the command ${name} ends with 2 and says how it is used`, () => {
    const { status, stdout, stderr } = cli(...args)
    assert.equal(status, 2)
    assert.match(stderr, /usage: prepare-models --out DIR/)
    assert.equal(stdout, '')
  })

test('the command prepares the raw file in a folder, and the second time says that it is ready', () => {
  const dir = mkdtempSync(join(root, 'cli-'))
  copyFileSync(rawPath, join(dir, 'by hand.onnx'))
  const first = cli('--out', dir)
  assert.deepEqual([first.status, first.stderr], [0, ''])
  assert.match(first.stdout, /from a file in the folder\n.*prepared/)
  const second = cli('--out', dir)
  assert.match(second.stdout, /^yolox-nano: ready \(sha256 \w{12}\)\n$/)
  assert.equal(cli('--out', dir, '--quiet').stdout, '')
  assert.deepEqual(readdirSync(dir).sort(), ['by hand.onnx', 'yolox-nano.json', 'yolox-nano.onnx'])
})

test('preparing is deterministic, and the wheel and the release give the same bytes', () => {
  const raw = readFileSync(rawPath)
  const prepared = sha256Of(prepareGraph(raw, card))
  assert.equal(sha256Of(prepareGraph(raw, card)), prepared)
  // The wheel's file is the release's with a remark appended.
  const release = card.sources.find((source) => source.kind === 'release')
  const official = raw.subarray(0, release?.bytes)
  if (sha256Of(official) === release?.sha256)
    assert.equal(sha256Of(prepareGraph(official, card)), prepared)
})

/** A smooth picture with a bright block, so that pixels matter. */
function picture(width: number, height: number): Uint8Array {
  const pixels = new Uint8Array(width * height * 3)
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const at = (y * width + x) * 3
      pixels.set([(x * 3) % 256, (y * 5) % 256, x > 100 && x < 200 ? 220 : 40], at)
    }
  return pixels
}

test('a batch gives each picture what it gets alone, and a permuted batch permutes', async () => {
  await using model = await open({ ...card, thresholds: { ...card.thresholds, score: 0.01 } })
  const size = { width: 416, height: 234 }
  const single = size.width * size.height * 3
  const pictures = [picture(416, 234), new Uint8Array(single).fill(90), picture(234, 416)]
  const alone: Float32Array[] = []
  for (const pixels of pictures)
    alone.push(...(await model.run({ pixels, count: 1, ...size })).detections)
  assert.ok(alone.some((found) => found.length > 0))
  for (const order of [
    [0, 1, 2],
    [2, 0, 1],
  ]) {
    const pixels = new Uint8Array(single * 3)
    for (const [i, index] of order.entries()) pixels.set(pictures[index] ?? [], i * single)
    const { detections } = await model.run({ pixels, count: 3, ...size })
    for (const [i, index] of order.entries()) assertClose(detections[i], alone[index])
  }
})

test('the same pixels give the same numbers, run after run', async () => {
  await using model = await open({ ...card, thresholds: { ...card.thresholds, score: 0.01 } })
  const batch = { pixels: picture(416, 234), count: 1, width: 416, height: 234 }
  const first = await model.run(batch)
  await model.run({ ...batch, pixels: picture(416, 320), height: 320 })
  assert.deepEqual((await model.run(batch)).detections, first.detections)
})

for (const fit of ['letterbox-topleft', 'letterbox-centre'] as const)
  test(`${fit}: the prologue pads like a picture that came padded`, async () => {
    const input = { ...card.input, fit }
    const thresholds = { ...card.thresholds, score: 0.01 }
    await using model = await open({ ...card, input, thresholds })
    const content = inputGeometry({ input }, { width: 640, height: 360 })
    const seen = placementOf(input, content)
    const pixels = picture(content.width, content.height)
    const padded = new Uint8Array(seen.paddedWidth * seen.paddedHeight * 3).fill(input.padValue)
    for (let y = 0; y < content.height; y++) {
      const row = pixels.subarray(y * content.width * 3, (y + 1) * content.width * 3)
      padded.set(row, ((y + seen.top) * seen.paddedWidth + seen.left) * 3)
    }
    const byPrologue = await model.run({ pixels, count: 1, ...content })
    const byHand = await model.run({
      pixels: padded,
      count: 1,
      width: seen.paddedWidth,
      height: seen.paddedHeight,
    })
    const [found] = byPrologue.detections
    const [wanted] = byHand.detections
    assert.ok(found !== undefined && wanted !== undefined && found.length > 0)
    // The best box, in pixels of what the network saw.
    const [, score = 0, left = 0, top = 0] = found
    const [, scoreByHand = 0, leftByHand = 0, topByHand = 0] = wanted
    assert.ok(Math.abs(score - scoreByHand) < 1e-4)
    const leftOf = seen.left + left * seen.width
    assert.ok(Math.abs(leftOf - leftByHand * seen.paddedWidth) < 0.1 || left === 0)
    const topOf = seen.top + top * seen.height
    assert.ok(Math.abs(topOf - topByHand * seen.paddedHeight) < 0.1 || top === 0)
  })

function assertClose(found: Float32Array | undefined, wanted: Float32Array | undefined): void {
  assert.equal(found?.length, wanted?.length)
  for (const [i, value] of wanted?.entries() ?? [])
    assert.ok(Math.abs((found?.[i] ?? NaN) - value) < 1e-4, `value ${i}`)
}
