import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, test } from 'node:test'
import { systemClock } from '#std/clock.ts'
import { installedLibraries } from './execution-provider.ts'
import { type Model, openModel } from './model.ts'
import { modelCardSchema } from './model-card.ts'

/** What set-up prepared. */
const models = resolve(process.env['SIGHTLINE_DATA'] ?? 'data', 'models')
const modelPath = join(models, 'yolox-nano.onnx')
const cardPath = join(models, 'yolox-nano.json')
const folder = mkdtempSync(join(tmpdir(), 'sightline-model-'))
after(() => rmSync(folder, { recursive: true }))

function open(
  paths: { readonly modelPath?: string; readonly cardPath?: string } = {},
  executionProviders: readonly string[] = ['cpu'],
): Promise<Model> {
  const rest = { executionProviders, intraOpThreads: 1, clock: systemClock }
  return openModel({ modelPath, cardPath, ...paths, ...rest })
}

function fileOf(name: string, content: string | Uint8Array): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

/** The prepared card, as if it described these bytes. */
function cardFor(name: string, bytes: Uint8Array, change: Readonly<Record<string, unknown>> = {}) {
  const card = modelCardSchema.parse(JSON.parse(readFileSync(cardPath, 'utf8')))
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const prepared = { ...card.prepared, sha256 }
  return fileOf(name, JSON.stringify({ ...card, prepared, ...change }))
}

/** Deterministic noise, smooth enough to be a picture of nothing. */
function pixelsOf(count: number, width: number, height: number, seed: number): Uint8Array {
  return new Uint8Array(count * width * height * 3).map((_, i) => (i * seed + (i >> 9)) % 256)
}

test('a model file that is missing is named, and how to get it', async () => {
  await assert.rejects(open({ modelPath: join(folder, 'none.onnx') }), {
    name: 'ModelError',
    code: 'model_missing',
    message: /none\.onnx is missing; “npm start” prepares it/,
  })
})

test('a card that is missing is named', async () => {
  await assert.rejects(open({ cardPath: join(folder, 'none.json') }), { code: 'model_missing' })
})

for (const [name, text, says] of [
  ['no JSON', '{', /JSON/],
  ['no card', '{"name": "x"}', /file/],
] as const)
  test(`a card that is ${name} is refused`, async () => {
    const path = fileOf('bad.json', text)
    await assert.rejects(open({ cardPath: path }), { code: 'card_invalid', message: says })
  })

test('a model file with one bit changed is refused', async () => {
  const bytes = readFileSync(modelPath)
  bytes[1_000_000] = (bytes[1_000_000] ?? 0) ^ 1
  await assert.rejects(open({ modelPath: fileOf('altered.onnx', bytes) }), {
    code: 'model_altered',
    message: /altered\.onnx is not the one that its card describes/,
  })
})

test('a file that is no model is refused, even if the card knows it', async () => {
  const bytes = new TextEncoder().encode('no model at all')
  const paths = { modelPath: fileOf('text.onnx', bytes), cardPath: cardFor('text.json', bytes) }
  await assert.rejects(open(paths), { code: 'model_invalid', message: /text\.onnx/ })
})

test('a raw model without the prologue is refused', async () => {
  const raw = join(models, 'yolox-nano.raw.onnx')
  const paths = { modelPath: raw, cardPath: cardFor('raw.json', readFileSync(raw)) }
  await assert.rejects(open(paths), { code: 'model_invalid', message: /was it prepared/ })
})

test('a card with another number of classes than the file is refused', async () => {
  const wrong = cardFor('classes.json', readFileSync(modelPath), { classes: ['person', 'car'] })
  await assert.rejects(open({ cardPath: wrong }), {
    code: 'model_invalid',
    message: /not \[N, anchors, 7\]/,
  })
})

const cuda = installedLibraries.missing('cuda')
const skip = cuda === null ? 'CUDA is installed here' : false
test(
  'a provider that is demanded and not installed is refused with its library',
  { skip },
  async () => {
    await assert.rejects(open({}, ['cuda']), {
      code: 'provider_unavailable',
      message: `no execution provider of the list [cuda] can be loaded. cuda: ${cuda}`,
    })
  },
)

test('with cpu in the list the model opens whatever else is missing', async () => {
  await using model = await open({}, ['tensorrt', 'cuda', 'cpu'])
  assert.ok(['tensorrt', 'cuda', 'cpu'].includes(model.executionProvider))
  assert.equal(model.card.name, 'yolox-nano')
})

test('a batch with too few bytes, and a second run during the first, are bugs', async () => {
  await using model = await open()
  const pixels = pixelsOf(1, 64, 64, 7)
  const batch = { pixels, count: 1, width: 64, height: 64 }
  await assert.rejects(model.run({ ...batch, count: 2 }), /count \* w \* h \* 3/)
  const first = model.run(batch)
  await assert.rejects(model.run(batch), /one run at a time/)
  await first
})

test('every shape runs: the network takes what the prologue pads', async () => {
  await using model = await open()
  const shapes = [
    [416, 234],
    [234, 416],
    [416, 416],
    [416, 2],
    [2, 416],
    [312, 416],
  ] as const
  for (const [width, height] of [...shapes, ...shapes]) {
    const beforeMs = systemClock.nowMs()
    const batch = { pixels: pixelsOf(1, width, height, 7), count: 1, width, height }
    const { detections, inferredAtMs } = await model.run(batch)
    assert.equal(detections.length, 1)
    assert.ok(inferredAtMs >= beforeMs && inferredAtMs <= systemClock.nowMs())
  }
})

test('an all-black and an all-white picture give shares within the picture, if anything', async () => {
  await using model = await open()
  for (const value of [0, 255]) {
    const pixels = new Uint8Array(416 * 234 * 3).fill(value)
    const { detections } = await model.run({ pixels, count: 1, width: 416, height: 234 })
    assert.equal((detections[0]?.length ?? -1) % 6, 0)
    assert.ok(detections[0]?.every(Number.isFinite))
  }
})

test('disposing twice is harmless', async () => {
  const model = await open()
  await model[Symbol.asyncDispose]()
  await model[Symbol.asyncDispose]()
})
