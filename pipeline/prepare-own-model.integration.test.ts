import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, test } from 'node:test'
import { parseArgs } from 'node:util'
import { systemClock } from '#std/clock.ts'
import { type Model, openModel } from '#gpu/model.ts'
import { modelCardSchema } from '#gpu/model-card.ts'
import { runSelfTest } from '#gpu/self-test.ts'
import { CodedError } from '#std/coded-error.ts'
import { tinyDetr, tinyHalf } from './family-graphs.fixture.ts'
import { ownModelOptions, readOwnModelOptions } from './own-model-options.ts'
import { prepareOwnModel } from './prepare-own-model.ts'
import { StageArguments } from './stage-arguments.ts'
import { tinyDetector } from './tiny-detector.ts'

/** What set-up prepared and fetched. */
const data = resolve(process.env['SIGHTLINE_DATA'] ?? 'data')
const root = mkdtempSync(join(tmpdir(), 'sightline-own-'))
after(() => rmSync(root, { recursive: true }))
/** The default model's weights, as a user would bring them. */
const weights = join(root, 'My Yolo_X.onnx')
copyFileSync(join(data, 'models', 'yolox-nano.raw.onnx'), weights)

function cli(...args: string[]) {
  const script = resolve(import.meta.dirname, 'prepare-models.ts')
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], {
    encoding: 'utf8',
    env: { ...process.env, SIGHTLINE_DATA: data },
  })
  return { status, stdout, stderr }
}

/** The command's options, in this process. */
async function prepare(...args: string[]): Promise<readonly string[]> {
  const { values } = parseArgs({ args, options: { ...ownModelOptions, out: { type: 'string' } } })
  const given = new StageArguments(values)
  const own = readOwnModelOptions(given)
  assert.ok(own !== null)
  const lines: string[] = []
  await prepareOwnModel({
    own,
    dir: given.requiredPath('out'),
    photoDir: join(data, 'self-test'),
    ffmpegPath: process.env['SIGHTLINE_FFMPEG'] ?? 'ffmpeg',
    clock: systemClock,
    onLine: (line) => lines.push(line),
  })
  return lines
}

function fileOf(name: string, content: string | Uint8Array): string {
  const path = join(root, name)
  writeFileSync(path, content)
  return path
}

function open(dir: string, name: string): Promise<Model> {
  return openModel({
    modelPath: join(dir, `${name}.onnx`),
    cardPath: join(dir, `${name}.json`),
    executionProviders: ['cpu'],
    intraOpThreads: 1,
    clock: systemClock,
  })
}

const labels = fileOf('two.txt', 'nothing\nblob\n')
const typo = fileOf('typo.json', '{"input": {"colorOrder": "rgb"}}')
const centred = fileOf('rgb.json', '{"input": {"scale": 0.0039}}')

for (const { name, args, says } of [
  {
    name: 'a file that is not there',
    args: ['--model', join(root, 'none.onnx')],
    says: /^cannot read --model .*none\.onnx: ENOENT/,
  },
  {
    name: 'a file that is no model',
    args: ['--model', labels],
    says: /^(not an ONNX file|the file holds no graph)/,
  },
  {
    name: 'a file that is prepared already',
    args: ['--model', join(data, 'models', 'yolox-nano.onnx')],
    says: /it is prepared already/,
  },
  {
    name: 'outputs of no detector',
    args: ['--model', fileOf('tiny.onnx', tinyDetector())],
    says: /no head reads its outputs: output \[1, 1024, 3\]/,
  },
  { name: 'a head in doubt', args: ['--model', weights], says: /which head .*: give --head yolox/ },
  {
    name: 'classes in doubt',
    args: ['--model', weights, '--head', 'yolox'],
    says: /names of its 80 classes are missing: give --classes/,
  },
  {
    name: 'a head that is none',
    args: ['--model', weights, '--head', 'yolo'],
    says: /--head must be yolox, yolov8, .*, not yolo/,
  },
  {
    name: 'the name of the default model',
    args: ['--model', weights, '--head', 'yolox', '--classes', 'coco80', '--name', 'yolox-nano'],
    says: /yolox-nano is the name of the default model: give another --name/,
  },
  {
    name: 'a part of a card with a misspelt key',
    args: ['--model', weights, '--head', 'yolox', '--classes', 'coco80', '--card', typo],
    says: /--card .*typo\.json: input: Unrecognized key: "colorOrder"/,
  },
  {
    name: 'a card that makes it find nothing',
    args: ['--model', weights, '--head', 'yolox', '--classes', 'coco80', '--card', centred],
    says: /does not find the persons on the photo .*scale .*--accept-implausible/,
  },
] as const)
  test(`Given ${name} there is one sentence, and nothing is left behind.`, async () => {
    const out = mkdtempSync(join(root, 'out-'))
    await assert.rejects(prepare('--out', out, ...args), (error: unknown) => {
      assert.ok(error instanceof CodedError)
      assert.match(error.message, says)
      return true
    })
    assert.deepEqual(readdirSync(out), [])
  })

test('The command says it on stderr without a stack, and ends with 2.', () => {
  const out = mkdtempSync(join(root, 'out-'))
  const doubt = cli('--model', weights, '--out', out)
  assert.deepEqual([doubt.status, doubt.stdout], [2, ''])
  assert.match(doubt.stderr, /^prepare-models: which head .*: give --head yolox.*\n$/)
  const usage = cli('--head', 'yolox', '--out', out)
  assert.equal(usage.status, 2)
  assert.match(usage.stderr, /--head is of a file of your own.*; usage: prepare-models --out DIR/)
})

test("The default model's weights, brought as a file of one's own, serve the same; a second time is ready.", async () => {
  const out = mkdtempSync(join(root, 'out-'))
  const args = ['--model', weights, '--head', 'yolox', '--classes', 'coco80', '--out', out]
  const first = cli(...args)
  assert.deepEqual([first.status, first.stderr], [0, ''])
  assert.match(first.stdout, /^my-yolo-x: head yolox, long side 416, bgr, letterbox-topleft$/m)
  assert.match(first.stdout, /^my-yolo-x: licence: unknown/m)
  assert.match(first.stdout, /^my-yolo-x: found 2 of 2 persons/m)
  const [again, ...more] = await prepare(...args)
  assert.match(again ?? '', /^my-yolo-x: ready \(sha256 \w{12}\)$/)
  assert.deepEqual(more, [])
  const files = ['my-yolo-x.json', 'my-yolo-x.onnx', 'my-yolo-x.raw.onnx']
  assert.deepEqual(readdirSync(out).sort(), files)

  await using model = await open(out, 'my-yolo-x')
  const { prepared, selfTest } = model.card
  const known = modelCardSchema.parse(
    JSON.parse(readFileSync(join(data, 'models', 'yolox-nano.json'), 'utf8')),
  )
  assert.equal(prepared.rawSha256, known.prepared.rawSha256)
  assert.equal(prepared.batchMax, null)
  assert.deepEqual(
    selfTest.boxes.map((box) => [box.class, box.score.toFixed(1)]),
    known.selfTest.boxes.map((box) => [box.class, box.score.toFixed(1)]),
  )
  const paths = { photoPath: join(data, 'self-test', 'parkour.jpg'), ffmpegPath: 'ffmpeg' }
  assert.deepEqual(await runSelfTest(model, paths), { passed: true })
})

test('A model that the photo speaks against is taken when it is accepted, and its card says so.', async () => {
  const out = mkdtempSync(join(root, 'out-'))
  const args = ['--model', weights, '--head', 'yolox', '--classes', 'coco80', '--card', centred]
  await prepare(...args, '--accept-implausible', '--name', 'dim', '--out', out)
  const card = modelCardSchema.parse(JSON.parse(readFileSync(join(out, 'dim.json'), 'utf8')))
  assert.match(card.prepared.notes.at(-1) ?? '', /does not find the persons/)
  assert.deepEqual([card.selfTest.boxes, card.input.scale], [[], 0.0039])
})

/** Grey pictures: their level is the score that the tiny networks give. */
function greys(width: number, height: number, ...levels: readonly number[]): Uint8Array {
  const bytes = width * height * 3
  return new Uint8Array(bytes * levels.length).map((_, i) => levels[Math.floor(i / bytes)] ?? 0)
}

test('A DETR: the file gets the size that boxes are wanted in, class numbers come as floats, in any batch.', async () => {
  const out = mkdtempSync(join(root, 'out-'))
  const path = fileOf('detr.onnx', tinyDetr())
  const lines = (await prepare('--model', path, '--classes', labels, '--out', out)).join('\n')
  assert.match(lines, /detr: head detr, 64x32, rgb, stretch/)
  assert.match(lines, /its classes are not COCO's.* could not be checked/)
  await using model = await open(out, 'detr')
  assert.equal(model.card.prepared.batchMax, null)
  const size = { width: 64, height: 32 }
  const batch = { pixels: greys(64, 32, 204, 51, 255), count: 3, ...size }
  // The second time into memory that stands.
  for (const { detections } of [await model.run(batch), await model.run(batch)]) {
    const found = detections.map((values) => [...values].map((value) => Number(value.toFixed(4))))
    assert.deepEqual(found, [
      [1, 0.8, 0.25, 0.25, 0.5, 0.5],
      // 0.2 is below the threshold.
      [],
      [1, 1, 0.25, 0.25, 0.5, 0.5],
    ])
  }
})

test('Half precision goes in and comes out as floats; what cannot be freed stays one picture a run.', async () => {
  const out = mkdtempSync(join(root, 'out-'))
  const path = fileOf('half.onnx', tinyHalf())
  const args = ['--model', path, '--head', 'end-to-end', '--classes', labels, '--out', out]
  const lines = (await prepare(...args)).join('\n')
  assert.match(lines, /half: the file takes 32x32 and no other size/)
  assert.match(lines, /half: one picture a run: /)
  await using model = await open(out, 'half')
  assert.equal(model.card.prepared.batchMax, 1)
  // 32x18 in the middle of 32x32: the box, in rows 8 to 24 of the whole, is rows 1 to 17 of the picture.
  const { detections } = await model.run({
    pixels: greys(32, 18, 255),
    count: 1,
    width: 32,
    height: 18,
  })
  const [index = -1, score = 0, ...box] = detections[0] ?? []
  assert.equal(index, 0)
  assert.ok(Math.abs(score - (255 * 18 + 114 * 14) / (255 * 32)) < 2e-3, `score ${score}`)
  for (const [i, value] of [0.25, 1 / 18, 0.5, 16 / 18].entries())
    assert.ok(Math.abs((box[i] ?? NaN) - value) < 1e-5, `edge ${i}: ${box[i]}`)
})
