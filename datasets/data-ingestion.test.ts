import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'
import { stageRig } from '#pipeline/stage.fixture.ts'
import { ingest, type IngestReport, type SourceFormat } from './data-ingestion.ts'
import { blobScene } from './fixtures/blob-scene.ts'
import { encodePng } from './fixtures/png.ts'
import { manifestSchema, type Manifest } from './manifest.ts'

const root = mkdtempSync(join(tmpdir(), 'sightline-ingest-'))
after(() => rmSync(root, { recursive: true }))

/** 100 x 50, another one for each seed. */
const picture = (seed: number): Buffer => {
  const box = { left: seed, top: 0, right: seed + 1, bottom: 1 }
  return encodePng(blobScene({ width: 100, height: 50, blobs: [{ box, colour: 'red' }] }))
}

function folder(files: Readonly<Record<string, string | Uint8Array>>): string {
  const path = mkdtempSync(join(root, 'in-'))
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true })
    writeFileSync(join(path, name), content)
  }
  return path
}

async function run(path: string, format: SourceFormat | null = null) {
  const out = mkdtempSync(join(root, 'out-'))
  const { context } = stageRig({ dataDir: root })
  const report = await ingest({ ...context, path, out, format, name: 'x', licence: 'own' })
  const manifest = manifestSchema.parse(
    JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8')),
  )
  return { report, manifest }
}

const count = ({ findings }: IngestReport, reason: string): number =>
  findings.find((each) => each.reason === reason)?.count ?? 0
const shortOf = ({ images }: Manifest) =>
  images.map(({ id, split, boxes, ignore }) => [
    id,
    split,
    boxes.map((box) => [box.class, ...box.edges]),
    ignore,
  ])

const yaml = 'train: images/train\nval: images/val\nnames: [car, person]\n'
const yolo = {
  'data.yaml': yaml,
  'images/train/a.png': picture(1),
  'images/val/b.png': picture(2),
  'labels/train/a.txt': '1 0.5 0.5 0.2 0.4\n',
  'labels/val/b.txt': '',
}
const category = [
  { id: 7, name: 'person' },
  { id: 3, name: 'car' },
]
const coco = {
  images: [{ id: 5, file_name: 'a.png', width: 100, height: 50 }],
  annotations: [
    { id: 1, image_id: 5, category_id: 7, bbox: [40, 15, 20, 20], iscrowd: 0 },
    { id: 2, image_id: 5, category_id: 3, bbox: [0, 0, 10, 10], iscrowd: 1 },
  ],
  categories: category,
}
const voc = `<?xml version="1.0"?>
<annotation>
  <filename>a.png</filename>
  <size><width>100</width><height>50</height><depth>3</depth></size>
  <object><name>person</name><difficult>0</difficult>
    <bndbox><xmin>41</xmin><ymin>16</ymin><xmax>60</xmax><ymax>35</ymax></bndbox></object>
  <object><name>car</name><difficult>1</difficult>
    <bndbox><xmin>1</xmin><ymin>1</ymin><xmax>10</xmax><ymax>10</ymax></bndbox></object>
</annotation>
`

test('YOLO, COCO and VOC of one picture give the same boxes', async () => {
  const boxes = [[1, 40, 15, 60, 35]]
  const ignored = [[0, 0, 10, 10]]
  const fromYolo = await run(folder(yolo))
  assert.deepEqual(shortOf(fromYolo.manifest), [
    ['train-a', 'train', boxes, []],
    ['val-b', 'val', [], []],
  ])
  const cocoFolder = { 'annotations/instances_val2017.json': JSON.stringify(coco) }
  const fromCoco = await run(folder({ ...cocoFolder, 'val2017/a.png': picture(1) }))
  assert.deepEqual(shortOf(fromCoco.manifest), [['val2017-a', 'val', boxes, ignored]])
  const vocFolder = { 'Annotations/a.xml': voc, 'ImageSets/Main/train.txt': 'a\n' }
  const fromVoc = await run(folder({ ...vocFolder, 'JPEGImages/a.png': picture(1) }))
  assert.deepEqual(shortOf(fromVoc.manifest), [['a', 'train', boxes, ignored]])
  for (const { manifest } of [fromYolo, fromCoco, fromVoc])
    assert.deepEqual(manifest.classes, ['car', 'person'])
})

test('the manifest finds its pictures from where it lies', async () => {
  const path = folder(yolo)
  const { manifest } = await run(path)
  const [image] = manifest.images
  assert.match(image?.file ?? '', /^\.\.\/in-\w+\/images\/train\/a\.png$/)
})

test('the root hash is of pictures and labels, and not of the place', async () => {
  const first = await run(folder(yolo))
  const second = await run(folder(yolo))
  assert.equal(second.report.root, first.report.root)
  const changed = { ...yolo, 'labels/train/a.txt': '1 0.5 0.5 0.2 0.41\n' }
  assert.notEqual((await run(folder(changed))).report.root, first.report.root)
})

test('a data.yaml with lists, a map of names and a path is read like one with folders', async () => {
  const { 'data.yaml': _, ...files } = yolo
  const listed = {
    ...files,
    'meta/data.yaml': 'path: ..\ntrain: train.txt\nval: [images/val]\nnames: {0: car, 1: person}\n',
    'train.txt': './images/train/a.png\n',
  }
  const { manifest } = await run(join(folder(listed), 'meta/data.yaml'))
  assert.deepEqual(shortOf(manifest), shortOf((await run(folder(yolo))).manifest))
})

test('the same folder for both sides is no split', async () => {
  const same = { ...yolo, 'data.yaml': 'train: images\nval: images\nnames: [car, person]\n' }
  const { manifest } = await run(folder(same))
  assert.deepEqual(
    manifest.images.map(({ split }) => split),
    [null, null],
  )
})

test('a YOLO picture without a label file is one without objects, and told', async () => {
  const { 'labels/val/b.txt': _, ...rest } = yolo
  const { report, manifest } = await run(folder(rest))
  assert.equal(count(report, 'no_label_is_empty'), 1)
  assert.equal(manifest.images.length, 2)
})

test('the same picture on both sides is a leak', async () => {
  const { report } = await run(folder({ ...yolo, 'images/val/b.png': picture(1) }))
  assert.deepEqual(report.leaks, [
    'the same picture is on several sides of the split: train-a, val-b',
  ])
  assert.equal(count(report, 'picture_duplicate'), 1)
})

test('a group on both sides is a leak', async () => {
  const groups = JSON.stringify({ 'train-a': 'drive 5', 'val-b': 'drive 5' })
  const { report } = await run(folder({ ...yolo, 'groups.json': groups }))
  assert.deepEqual(report.leaks, ['drive 5 is on several sides of the split'])
})

test('a box that is there twice is kept once', async () => {
  const twice = '1 0.5 0.5 0.2 0.4\n1 0.5 0.5 0.2 0.4\n'
  const { report } = await run(folder({ ...yolo, 'labels/train/a.txt': twice }))
  assert.deepEqual([report.boxes, count(report, 'box_duplicate')], [1, 1])
})

test('labels that speak of another size leave the picture out', async () => {
  const images = [{ id: 5, file_name: 'a.png', width: 200, height: 100 }]
  const other = { id: 6, file_name: 'b.png', width: 100, height: 50 }
  const document = JSON.stringify({ ...coco, images: [...images, other] })
  const files = { 'annotations/x.json': document, 'a.png': picture(1), 'b.png': picture(2) }
  const { report } = await run(folder(files))
  assert.equal(count(report, 'picture_size_differs'), 1)
  const wrong = voc.replace('<width>100', '<width>200')
  const more = {
    'Annotations/b.xml': voc.replace('a.png', 'b.png'),
    'JPEGImages/b.png': picture(2),
  }
  const vocFiles = { 'Annotations/a.xml': wrong, 'JPEGImages/a.png': picture(1), ...more }
  assert.equal(count((await run(folder(vocFiles))).report, 'picture_size_differs'), 1)
})

for (const { name, files, refusal } of [
  { name: 'nothing that is known', files: { 'a.png': picture(1) }, refusal: /is none of YOLO/ },
  {
    name: 'a class beyond the names',
    files: { ...yolo, 'labels/train/a.txt': '2 0.5 0.5 0.2 0.4\n' },
    refusal: /labels\/train\/a\.txt:1: class “2” is not 0 to 1/,
  },
  {
    name: 'names with a gap',
    files: { ...yolo, 'data.yaml': 'train: images\nnames: {0: car, 2: person}\n' },
    refusal: /names has no class 1/,
  },
  {
    name: 'a data.yaml without names',
    files: { ...yolo, 'data.yaml': 'train: images\n' },
    refusal: /data\.yaml:1: names: /,
  },
  {
    name: 'JSON cut off',
    files: { 'annotations/a.json': '{"images": [' },
    refusal: /annotations\/a\.json: is no JSON/,
  },
  {
    name: 'a box with a negative width',
    files: {
      'annotations/a.json': JSON.stringify({
        ...coco,
        annotations: [{ id: 1, image_id: 5, category_id: 7, bbox: [40, 15, -20, 20] }],
      }),
    },
    refusal: /a\.json: annotations\.0\.bbox\.2: /,
  },
  {
    name: 'an object of no image',
    files: {
      'annotations/a.json': JSON.stringify({
        ...coco,
        annotations: [{ id: 1, image_id: 6, category_id: 7, bbox: [40, 15, 20, 20] }],
      }),
    },
    refusal: /annotations\.0: there is no image 6/,
  },
  {
    name: 'an object of no category',
    files: { 'annotations/a.json': JSON.stringify({ ...coco, categories: [] }) },
    refusal: /annotations\.0: there is no category 7/,
  },
  {
    name: 'XML that is never closed',
    files: { 'Annotations/a.xml': voc.replace('</annotation>', '') },
    refusal: /Annotations\/a\.xml:2: <annotation> is never closed/,
  },
  {
    name: 'XML with a stray bracket',
    files: { 'Annotations/a.xml': voc.replace('person', 'a < b') },
    refusal: /Annotations\/a\.xml:5: “<” does not belong there/,
  },
  {
    name: 'an object without edges',
    files: { 'Annotations/a.xml': voc.replace('<xmax>60</xmax>', '') },
    refusal: /Annotations\/a\.xml:6: <bndbox> has no number <xmax>/,
  },
  {
    name: 'edges the wrong way round',
    files: { 'Annotations/a.xml': voc.replace('<xmax>60', '<xmax>6') },
    refusal: /a\.xml:6: the box of person has its edges the wrong way round/,
  },
] as const)
  test(`${name} is refused with its place`, async () => {
    await assert.rejects(run(folder(files)), (error: Error) => refusal.test(error.message))
  })
