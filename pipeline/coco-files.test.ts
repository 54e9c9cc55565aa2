import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { readCocoDetections, readCocoTruth } from './coco-files.ts'

const root = mkdtempSync(join(tmpdir(), 'sightline-coco-'))
after(() => rmSync(root, { recursive: true }))

function file(content: string | object): string {
  const path = join(root, 'file.json')
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

const annotation = { id: 1, image_id: 5, category_id: 3, bbox: [1, 2, 3, 4] }
const truth = {
  info: { description: 'left out' },
  images: [{ id: 5, file_name: 'a.jpg', width: 640, height: 360, license: 1 }],
  categories: [{ id: 3, name: 'car', supercategory: 'vehicle' }],
  annotations: [annotation],
}

for (const { name, content, says } of [
  { name: 'text that is no JSON', content: 'NaN', says: /is no JSON/ },
  { name: 'an array', content: [], says: /expected object/ },
  { name: 'no annotations', content: { images: [], categories: [] }, says: /annotations/ },
  {
    name: 'a box of three numbers',
    content: { ...truth, annotations: [{ ...annotation, bbox: [1, 2, 3] }] },
    says: /annotations\.0\.bbox/,
  },
  {
    name: 'a negative width',
    content: { ...truth, annotations: [{ ...annotation, bbox: [1, 2, -3, 4] }] },
    says: /annotations\.0\.bbox\.2/,
  },
  {
    name: 'an annotation of no image',
    content: { ...truth, annotations: [annotation, { ...annotation, id: 2, image_id: 6 }] },
    says: /annotations\.1: there is no image 6/,
  },
  {
    name: 'an annotation of no category',
    content: { ...truth, annotations: [{ ...annotation, category_id: 4 }] },
    says: /annotations\.0: there is no category 4/,
  },
  {
    name: 'one annotation id twice',
    content: { ...truth, annotations: [annotation, annotation] },
    says: /annotations\.1: the id 1 was there before/,
  },
  {
    name: 'one image id twice',
    content: { ...truth, images: [{ id: 5 }, { id: 5 }] },
    says: /images\.1: the id 5/,
  },
])
  test(`ground truth with ${name} is refused, and where is said`, async () => {
    await assert.rejects(readCocoTruth(file(content)), { code: 'input_invalid', message: says })
  })

test('a file that is not there is said', async () => {
  await assert.rejects(readCocoTruth(join(root, 'none.json')), { code: 'input_missing' })
})

test('what is absent of an annotation: its area is that of the box, and it is no crowd', async () => {
  const { annotations } = await readCocoTruth(file(truth))
  assert.deepEqual(annotations, [{ ...annotation, area: 12, iscrowd: 0 }])
})

test('detections of an image that the ground truth does not have, or without a score, are refused', async () => {
  const read = await readCocoTruth(file(truth))
  const detection = { image_id: 5, category_id: 3, bbox: [1, 2, 3, 4], score: 0.5 }
  assert.deepEqual(await readCocoDetections(file([detection]), read), [detection])
  for (const [content, says] of [
    [[detection, { ...detection, image_id: 6 }], /1: the ground truth has no image 6/],
    [[{ ...detection, score: null }], /0\.score/],
    [{ detections: [] }, /expected array/],
  ] as const)
    await assert.rejects(readCocoDetections(file(content), read), {
      code: 'input_invalid',
      message: says,
    })
})
