import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { headOfCard } from './heads/head-of-card.ts'
import { catalogueCardSchema, modelCardSchema } from './model-card.ts'

const folder = new URL('../config/models/', import.meta.url)
const yolox: unknown = JSON.parse(readFileSync(new URL('yolox-nano.json', folder), 'utf8'))
const valid = catalogueCardSchema.parse(yolox)
const prepared = {
  sha256: 'a'.repeat(64),
  bytes: 1,
  from: 'wheel',
  rawSha256: 'b'.repeat(64),
  preparation: 1,
}

for (const { name, card, key } of [
  { name: 'an unknown key', card: { ...valid, colour: 'bgr' }, key: '' },
  {
    name: 'an unknown colour order',
    card: { ...valid, input: { ...valid.input, colourOrder: 'gbr' } },
    key: 'input.colourOrder',
  },
  {
    name: 'an unknown fit',
    card: { ...valid, input: { ...valid.input, fit: 'crop' } },
    key: 'input.fit',
  },
  {
    name: 'an unknown head',
    card: { ...valid, head: { family: 'ssd' } },
    key: 'head.family',
  },
  {
    name: 'a standard deviation of zero',
    card: { ...valid, input: { ...valid.input, std: [1, 0, 1] } },
    key: 'input.std.1',
  },
  {
    name: 'a DETR without names of its outputs',
    card: { ...valid, head: { family: 'detr' } },
    key: 'head.outputs',
  },
  {
    name: 'published weights that find nothing',
    card: { ...valid, selfTest: { ...valid.selfTest, boxes: [] } },
    key: 'selfTest.boxes',
  },
  { name: 'no classes', card: { ...valid, classes: [] }, key: 'classes' },
  { name: 'a file in another folder', card: { ...valid, file: '../x.onnx' }, key: 'file' },
] as const)
  test(`a card with ${name} is refused at its key`, () => {
    const result = modelCardSchema.safeParse({ ...card, prepared })
    assert.equal(result.success, false)
    assert.equal(result.error?.issues[0]?.path.join('.'), key)
  })

const outputs = { labels: 'labels', boxes: 'boxes', scores: 'scores' }
for (const head of [
  { family: 'yolox', strides: [8, 16, 32] },
  { family: 'yolov8' },
  { family: 'end-to-end' },
  { family: 'detr', outputs },
  { family: 'detr', outputs, classIds: [1, 2, 90] },
  { family: 'detr-raw', outputs: { logits: 'labels', boxes: 'dets' } },
  {
    family: 'nanodet',
    levels: [{ stride: 8, scores: 'cls_pred_stride_8', distances: 'dis_pred_stride_8' }],
    cellCentre: 0.5,
  },
])
  test(`a card with ${JSON.stringify(head)} is valid, and has a head`, () => {
    const card = modelCardSchema.parse({ ...valid, head, prepared })
    assert.equal(headOfCard(card).bind([]).kind, 'refused')
  })

test('a card of before cards had notes is of a file that takes any number of pictures', () => {
  const { batchMax, notes } = modelCardSchema.parse({ ...valid, prepared }).prepared
  assert.deepEqual([batchMax, notes], [null, []])
})

test('a recorded self-test may have found nothing', () => {
  const selfTest = { ...valid.selfTest, basis: 'recorded', boxes: [] }
  assert.equal(modelCardSchema.safeParse({ ...valid, selfTest, prepared }).success, true)
})

test('a card that was not prepared is no card of a model that serves', () => {
  assert.equal(modelCardSchema.safeParse(valid).success, false)
  assert.equal(modelCardSchema.safeParse({ ...valid, prepared }).success, true)
})

test('every card of the repository is valid, and its self-test names its own classes', () => {
  const names = readdirSync(folder).filter((name) => name.endsWith('.json'))
  assert.ok(names.includes('yolox-nano.json'))
  for (const name of names) {
    const card = catalogueCardSchema.parse(JSON.parse(readFileSync(new URL(name, folder), 'utf8')))
    assert.equal(`${card.name}.json`, name)
    for (const box of card.selfTest.boxes) assert.ok(card.classes.includes(box.class))
  }
})

test('the default model knows the 80 classes of COCO, each once', () => {
  assert.equal(valid.classes.length, 80)
  assert.equal(new Set(valid.classes).size, 80)
  assert.equal(valid.classes[0], 'person')
  assert.equal(valid.classes[79], 'toothbrush')
})
