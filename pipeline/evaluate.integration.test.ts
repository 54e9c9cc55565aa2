import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { after, test } from 'node:test'
import { z } from 'zod'
import { makeSamplePictures } from './sample-pictures.ts'
import { runPipeline } from './run-pipeline.fixture.ts'

const dataDir = resolve(process.env['SIGHTLINE_DATA'] ?? 'data')
const ffmpegPath = process.env['SIGHTLINE_FFMPEG'] ?? 'ffmpeg'
const folder = mkdtempSync(join(tmpdir(), 'sightline-evaluate-'))
after(() => rmSync(folder, { recursive: true }))
const pictures = await makeSamplePictures({ dataDir, ffmpegPath, folder })
const images = dirname(pictures[0] ?? '')

const documentSchema = z.object({
  model: z.object({ name: z.string(), sha256: z.string(), scoreMin: z.number() }).nullable(),
  images: z.int(),
  detections: z.int(),
  leftOut: z.int(),
  stats: z.array(z.number()).length(12),
  latency: z
    .array(z.object({ batchSize: z.int(), batches: z.int(), p50Ms: z.number(), p95Ms: z.number() }))
    .nullable(),
})

function file(name: string, content: unknown): string {
  const path = join(folder, name)
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

const truth = {
  images: pictures.map((path, id) => ({ id, file_name: basename(path) })),
  categories: [{ id: 1, name: 'person' }],
  annotations: [],
}
const gt = file('gt.json', truth)

for (const { name, args, says } of [
  { name: 'no ground truth', args: ['--images', images], says: /--gt is missing/ },
  { name: 'no pictures', args: ['--gt', gt], says: /--in is missing/ },
  {
    name: 'a model that is not prepared',
    args: ['--gt', gt, '--images', images, '--model', 'none'],
    says: /there is no .*none\.onnx; .*prepare-models/,
  },
  {
    name: 'a picture that is missing',
    args: [
      '--gt',
      file('missing.json', { ...truth, images: [{ id: 1, file_name: 'no.jpg' }] }),
      '--images',
      images,
    ],
    says: /cannot read .*no\.jpg/,
  },
  {
    name: 'a file name that leads out of the folder',
    args: [
      '--gt',
      file('out.json', { ...truth, images: [{ id: 1, file_name: '../x.jpg' }] }),
      '--images',
      images,
    ],
    says: /image 1 of the ground truth has no file_name within/,
  },
  {
    name: 'a picture that is none',
    args: [
      '--gt',
      file('broken.json', { ...truth, images: [{ id: 1, file_name: 'gt.json' }] }),
      '--images',
      images,
    ],
    says: /gt\.json: is neither a PNG nor a JPEG/,
  },
  {
    name: 'a picture of another size than the ground truth says',
    args: [
      '--gt',
      file('size.json', {
        ...truth,
        images: [{ id: 1, file_name: 'photo.jpg', width: 5, height: 5 }],
      }),
      '--images',
      images,
    ],
    says: /photo\.jpg is \d+x\d+, the ground truth says 5x5/,
  },
  {
    name: 'a class that is not there',
    args: ['--gt', gt, '--images', images, '--map', 'persn=person'],
    says: /--map persn=person: must be/,
  },
  {
    name: 'a protocol that is none',
    args: ['--gt', gt, '--protocol', 'voc'],
    says: /must be coco, kitti/,
  },
])
  test(`evaluate with ${name} ends with 2 and says so`, () => {
    const { status, stdout, stderr } = runPipeline('evaluate', ...args)
    assert.deepEqual([status, stdout], [2, ''], stderr)
    assert.match(stderr, says)
  })

test('what a model finds, given as ground truth, is found again: AP 1, and the file it wrote says the same', () => {
  const out = join(folder, 'out')
  const wide = ['--gt', gt, '--images', images, '--score-min', '0.3', '--out', out, '--json']
  const first = runPipeline('evaluate', ...wide)
  assert.equal(first.status, 0, first.stderr)
  const found = z
    .array(z.object({ image_id: z.int(), bbox: z.array(z.number()) }).loose())
    .parse(JSON.parse(readFileSync(join(out, 'detections.json'), 'utf8')))
  assert.ok(found.length > 3, `${found.length} persons are enough for a test`)
  assert.equal(documentSchema.parse(JSON.parse(first.stdout)).stats[0], -1, 'nothing was asked for')

  const annotations = found.map((each, id) => ({ ...each, id }))
  const own = file('own.json', { ...truth, annotations })
  const again = runPipeline('evaluate', '--gt', own, '--images', images, '--json')
  const document = documentSchema.parse(JSON.parse(again.stdout))
  assert.equal(document.stats[0], 1)
  assert.equal(document.model?.name, 'yolox-nano')
  assert.equal(document.images, pictures.length)
  assert.ok(document.detections > found.length, 'doubtful boxes are counted, too')

  const given = runPipeline(
    'evaluate',
    '--gt',
    own,
    '--detections',
    join(out, 'detections.json'),
    '--json',
  )
  const read = documentSchema.parse(JSON.parse(given.stdout))
  assert.deepEqual([read.model, read.stats[0], read.detections], [null, 1, found.length])
})

test('the latency of the serving detector comes with it where it is asked for', () => {
  const args = ['--gt', gt, '--images', images, '--latency', '--json', '--quiet']
  const { status, stdout, stderr } = runPipeline('evaluate', ...args)
  assert.deepEqual([status, stderr], [0, ''])
  const [alone, ...others] = documentSchema.parse(JSON.parse(stdout)).latency ?? []
  assert.deepEqual(others, [], 'a CPU runs one picture at a time')
  assert.deepEqual([alone?.batchSize, alone?.batches], [1, 200])
  assert.ok((alone?.p50Ms ?? 0) > 0 && (alone?.p95Ms ?? 0) >= (alone?.p50Ms ?? 0))
})

test('KITTI labels against result files, and against a model', () => {
  const labels = join(folder, 'label_2')
  const results = join(folder, 'results')
  const frames = join(folder, 'image_2')
  for (const each of [labels, results, frames]) mkdirSync(each)
  const box = '0.00 0 -1.5 100.00 100.00 200.00 200.00 1.5 1.6 3.7 1 1 20 0'
  for (let id = 0; id < 60; id++) {
    const name = String(id).padStart(6, '0')
    writeFileSync(join(labels, `${name}.txt`), `Car ${box}\n`)
    writeFileSync(join(results, `${name}.txt`), `Car ${box} 0.${90 - id}\n`)
  }
  const kitti = ['evaluate', '--protocol', 'kitti', '--gt', labels]
  const given = runPipeline(...kitti, '--detections', results)
  assert.match(given.stdout, /Car +easy +1\.000 +1\.000 +60/, given.stderr)

  writeFileSync(join(results, '000007.txt'), 'Car 1 2 3\n')
  const broken = runPipeline(...kitti, '--detections', results)
  assert.equal(broken.status, 2)
  assert.match(broken.stderr, /000007\.txt:1: 4 fields instead of 16/)

  const missing = runPipeline(...kitti, '--images', frames)
  assert.deepEqual([missing.status, missing.stdout], [2, ''])
  assert.match(missing.stderr, /there is no picture 000000 in/)
})
