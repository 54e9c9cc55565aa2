import assert from 'node:assert/strict'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { stageRig } from '#pipeline/stage.fixture.ts'
import { convertKittiStage } from './convert-kitti-to-yolo.ts'
import { writeKittiFixture } from './fixtures/kitti-fixture.ts'
import type { FindingReport } from './findings.ts'
import { treeHash } from './fixtures/tree-hash.ts'
import { kittiClassMaps, type ClassMapName } from './kitti-classes.ts'
import { kittiTypes } from './kitti-label.ts'

const root = mkdtempSync(join(tmpdir(), 'sightline-convert-'))
after(() => rmSync(root, { recursive: true }))
await writeKittiFixture(join(root, 'kitti'))
const out = join(root, 'kitti8')
const { document } = await convert(join(root, 'kitti'), out)

async function convert(kitti: string, to: string, classes: ClassMapName = 'kitti8') {
  const given = { in: join(kitti, 'training'), out: to, classes }
  return convertKittiStage.run(stageRig({ dataDir: root, arguments: given }).context)
}

const text = (name: string): string => readFileSync(join(out, name), 'utf8')
/** Edges in pixels of the boxes of a class, rounded to thousandths. */
function boxes(file: string, width: number, height: number) {
  return text(file)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const fields = line.split(' ').map(Number)
      const [x = 0, y = 0, w = 0, h = 0] = fields.slice(-4)
      const edges = [x - w / 2, y - h / 2, x + w / 2, y + h / 2]
      const px = edges.map((edge, i) => Math.round(edge * (i % 2 ? height : width) * 1e3) / 1e3)
      return fields.slice(0, -4).concat(px)
    })
}
function finding(reason: string): Pick<FindingReport, 'count' | 'examples'> | undefined {
  const report: { findings: FindingReport[] } = JSON.parse(text('report.json'))
  return report.findings.find((each) => each.reason === reason)
}

test('a box keeps its place in a frame of each size', () => {
  assert.deepEqual(boxes('labels/000000.txt', 1242, 375), [[0, 100, 150, 220, 230]])
  assert.deepEqual(boxes('labels/000008.txt', 1224, 370), [[5, 64, 64, 128, 160]])
  assert.deepEqual(boxes('labels/000011.txt', 1238, 374), [[3, 64, 64, 96, 160]])
})

test('DontCare is no class: it is kept as a region to ignore, and the car below it stays', () => {
  assert.equal(boxes('labels/000000.txt', 1242, 375).length, 1)
  assert.deepEqual(boxes('ignore/000000.txt', 1242, 375), [[90, 140, 240, 240]])
  assert.ok(!readdirSync(join(out, 'ignore')).includes('000001.txt'))
})

test('boxes on the borders stay as they are', () => {
  assert.deepEqual(boxes('labels/000001.txt', 1224, 370), [
    [0, 0, 100, 64, 160],
    [3, 300, 0, 340, 90],
    [5, 1160, 100, 1224, 180],
    [0, 500, 300, 620, 370],
  ])
})

test('boxes over the borders are clipped before they become shares, and counted', () => {
  assert.deepEqual(boxes('labels/000002.txt', 1238, 374), [
    [0, 0, 100, 64, 160],
    [3, 300, 0, 340, 90],
    [5, 1160, 100, 1238, 180],
    [1, 500, 300, 620, 374],
  ])
  assert.equal(finding('box_clipped')?.count, 4)
})

test('the eight types are the eight classes, in the order of the devkit', () => {
  assert.deepEqual(
    boxes('labels/000003.txt', 1241, 376).map(([index]) => index),
    [0, 1, 2, 3, 4, 5, 6, 7],
  )
  assert.deepEqual(boxes('ignore/000003.txt', 1241, 376), [[1030, 40, 1100, 80]])
})

test('boxes under a pixel, also after clipping, are dropped and counted with their place', () => {
  assert.deepEqual(boxes('labels/000004.txt', 1242, 375), [[3, 400, 100, 440, 200]])
  assert.equal(finding('box_too_small')?.count, 3)
  assert.equal(finding('box_too_small')?.examples[0], 'label_2/000004.txt: object 1, Car')
  assert.equal(finding('box_outside')?.count, 1)
})

test('a frame without objects has an empty label file', () => {
  assert.equal(text('labels/000005.txt'), '')
})

test('a frame without a label is left out, for nobody knows that it is empty', () => {
  assert.ok(!readdirSync(join(out, 'labels')).includes('000006.txt'))
  assert.deepEqual(finding('label_missing')?.examples, ['image_2/000006.png'])
  assert.deepEqual(finding('picture_missing')?.examples, ['label_2/000007.txt'])
})

test('broken pictures are left out, with what is wrong with each', () => {
  assert.deepEqual(finding('picture_unreadable')?.examples, [
    'image_2/000009.png: the checksum of its IDAT chunk is wrong',
    'image_2/000010.png: ends too early',
  ])
})

test('lines end in LF and numbers have eight decimals and a point', () => {
  for (const name of readdirSync(join(out, 'labels')))
    assert.match(text(`labels/${name}`), /^(\d+( [01]\.\d{8}){4}\n)*$/)
})

test('pictures are the same bytes, JPEG as .jpg', () => {
  assert.deepEqual(readdirSync(join(out, 'images')).sort(), [
    '000000.png',
    '000001.png',
    '000002.png',
    '000003.png',
    '000004.png',
    '000005.png',
    '000008.png',
    '000011.jpg',
  ])
  const original = readFileSync(join(root, 'kitti/training/image_2/000003.png'))
  assert.ok(original.equals(readFileSync(join(out, 'images/000003.png'))))
})

test('the report counts what came out', () => {
  const report: { boxesByClass: unknown; imagesBySize: unknown; emptyImages: number } = JSON.parse(
    text('report.json'),
  )
  assert.deepEqual(report.imagesBySize, {
    '1224x370': 2,
    '1238x374': 2,
    '1241x376': 1,
    '1242x375': 3,
  })
  assert.equal(report.emptyImages, 1)
  assert.deepEqual(JSON.parse(JSON.stringify(document)), report)
})

test('a second run writes nothing, and another class map leaves nothing of the first', async () => {
  const before = treeHash(out)
  await convert(join(root, 'kitti'), out)
  assert.equal(treeHash(out), before)
  const fresh = join(root, 'fresh')
  await convert(join(root, 'kitti'), fresh, 'kitti3')
  const again = join(root, 'again')
  await convert(join(root, 'kitti'), again)
  await convert(join(root, 'kitti'), again, 'kitti3')
  assert.equal(treeHash(again), treeHash(fresh))
})

test('a frame that has gone from the input goes from the output', async () => {
  const kitti = join(root, 'shrinking')
  await writeKittiFixture(kitti)
  const to = join(root, 'shrunk')
  await convert(kitti, to)
  rmSync(join(kitti, 'training/image_2/000003.png'))
  await convert(kitti, to)
  for (const name of ['images/000003.png', 'labels/000003.txt', 'ignore/000003.txt'])
    assert.equal(existsSync(join(to, name)), false, name)
})

test('kitti3 ignores the neighbours of its classes and drops the rest', async () => {
  const { names, of } = kittiClassMaps.kitti3
  assert.deepEqual(names, ['Car', 'Pedestrian', 'Cyclist'])
  const ignored = kittiTypes.filter((type) => of[type] === 'ignore')
  assert.deepEqual(ignored, ['Van', 'Person_sitting', 'DontCare'])
})

test('every class that a map names is one of its names', () => {
  for (const { names, of } of Object.values(kittiClassMaps))
    for (const type of kittiTypes) {
      const treatment = of[type]
      assert.ok(typeof treatment === 'string' || names.includes(treatment.class))
      if (type === 'DontCare') assert.equal(treatment, 'ignore')
    }
})

test('coco has the 80 classes, and a cyclist, being two objects there, is ignored', () => {
  const { names, of } = kittiClassMaps.coco
  assert.equal(names.length, 80)
  assert.deepEqual(
    [names[0], names[2], names[6], names[79]],
    ['person', 'car', 'train', 'toothbrush'],
  )
  assert.equal(of.Cyclist, 'ignore')
})

test('a malformed label stops the stage with file and line, and the output stays as it was', async () => {
  const kitti = join(root, 'malformed')
  await writeKittiFixture(kitti)
  const label = join(kitti, 'training/label_2/000009.txt')
  writeFileSync(label, `${readFileSync(label, 'utf8')}Car 0.00\n`)
  const before = treeHash(out)
  await assert.rejects(convert(kitti, out), {
    code: 'input_invalid',
    message: 'label_2/000009.txt:2: 2 fields instead of 15',
  })
  assert.equal(treeHash(out), before)
})

for (const [name, prepare, refusal] of [
  ['is not there', () => {}, /there is no folder/],
  [
    'holds no label',
    (folder: string) => {
      mkdirSync(join(folder, 'image_2'), { recursive: true })
      mkdirSync(join(folder, 'label_2'))
    },
    /holds no picture with a label/,
  ],
] as const)
  test(`an input that ${name} is refused`, async () => {
    const kitti = mkdtempSync(join(root, 'input-'))
    prepare(join(kitti, 'training'))
    await assert.rejects(convert(kitti, join(kitti, 'out')), { message: refusal })
  })

test('a folder that holds something else is not written into', async () => {
  const mine = mkdtempSync(join(root, 'mine-'))
  writeFileSync(join(mine, 'thesis.txt'), 'two years of work')
  await assert.rejects(convert(join(root, 'kitti'), mine), { message: /is not empty/ })
  assert.deepEqual(readdirSync(mine), ['thesis.txt'])
})
