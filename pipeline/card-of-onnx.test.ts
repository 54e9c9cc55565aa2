import assert from 'node:assert/strict'
import { test } from 'node:test'
import { axesAttempts, notesOfAxes } from './axes-attempts.ts'
import { type CardAnswers, cardOfOnnx } from './card-of-onnx.ts'
import { readCatalogueCard } from './catalogue-card.ts'
import { readClassNames } from './class-names.ts'
import { factsOf, nanodetOutputs, ultralytics } from './onnx-facts.fixture.ts'

const known = await readCatalogueCard('yolox-nano')
const coco80 = await readClassNames('coco80', known.classes)
const coco91 = await readClassNames('coco91', known.classes)
const answers: CardAnswers = {
  name: 'mine',
  head: null,
  classes: null,
  size: null,
  overrides: {},
  file: { name: 'My.onnx', bytes: 7, sha256: 'a'.repeat(64) },
  scene: { photo: known.selfTest.photo, picture: known.selfTest.picture },
}
const yolov8 = factsOf({ output0: [1, 6, 8400] }, { metadata: ultralytics })
const anySize = factsOf(
  { output0: [null, 6, null] },
  { image: [null, 3, null, null], metadata: ultralytics },
)
const { imgsz: _imgsz, ...withoutSize } = ultralytics
const { names: _names, ...withoutNames } = ultralytics

for (const { name, facts, change = {}, code, says } of [
  {
    name: 'names that are missing',
    facts: factsOf({ logits: [1, 300, 80], pred_boxes: [1, 300, 4] }),
    code: 'classes_doubtful',
    says: /names of its 80 classes are missing: give --classes coco80, coco91 or a file/,
  },
  {
    name: 'names whose number is not known either',
    facts: factsOf(
      { labels: [1, 300], boxes: [1, 300, 4], scores: [1, 300] },
      { takesSizes: true },
    ),
    code: 'classes_doubtful',
    says: /the names of its classes are missing/,
  },
  {
    name: 'fewer names than the outputs have classes',
    facts: factsOf({ output0: [1, 84, 8400] }, { metadata: ultralytics }),
    code: 'classes_doubtful',
    says: /outputs are of 80 classes, but 2 are named/,
  },
  {
    name: "COCO's own ids for a network that counts from 0",
    facts: factsOf({ output0: [1, 95, 8400] }, { metadata: withoutNames }),
    change: { head: 'yolov8', classes: coco91 },
    code: 'classes_doubtful',
    says: /counts its classes 0, 1, 2 \.\.: give --classes coco80/,
  },
  {
    name: 'a size that nobody names',
    facts: factsOf({ output0: [1, 6, null] }, { image: [1, 3, null, null], metadata: withoutSize }),
    code: 'size_doubtful',
    says: /give --size 640 \(the long side\)/,
  },
  {
    name: 'a size that the file does not take',
    facts: yolov8,
    change: { size: { longSide: 320 } },
    code: 'size_doubtful',
    says: /takes 640x640 and no other size/,
  },
  {
    name: 'a batch that is fixed above one',
    facts: factsOf({ output0: [4, 6, 8400] }, { image: [4, 3, 640, 640], metadata: ultralytics }),
    code: 'model_unknown',
    says: /takes 4 pictures a run.*export it with a batch of 1/,
  },
  {
    name: 'an image without three colours',
    facts: factsOf({ output0: [1, 6, 8400] }, { image: [1, 1, 640, 640], metadata: ultralytics }),
    code: 'model_unknown',
    says: /“images” is \[1, 1, 640, 640\]: no axis is the three colours/,
  },
  {
    name: 'an odd side',
    facts: factsOf({ output0: [1, 6, 1050] }, { image: [1, 3, 225, 224], metadata: ultralytics }),
    code: 'card_invalid',
    says: /My\.onnx: input\.size/,
  },
  {
    name: 'a stride that is no number',
    facts: factsOf({ output0: [1, 6, 8400] }, { metadata: { ...ultralytics, stride: 'many' } }),
    code: 'card_invalid',
    says: /My\.onnx: input\.stride/,
  },
] as const)
  test(`What is in doubt is asked for by name: ${name}.`, () => {
    assert.throws(() => cardOfOnnx(facts, { ...answers, ...change }), { code, message: says })
  })

test("Ultralytics' metadata makes a whole card.", () => {
  const card = cardOfOnnx(yolov8, answers)
  assert.deepEqual(card.classes, ['fork lift', 'pallet'])
  assert.deepEqual(card.input, {
    size: { width: 640, height: 640 },
    stride: 32,
    layout: 'nchw',
    colourOrder: 'rgb',
    scale: 1 / 255,
    mean: [0, 0, 0],
    std: [1, 1, 1],
    fit: 'letterbox-centre',
    padValue: 114,
  })
  assert.match(card.licence, /^AGPL-3\.0/)
  assert.deepEqual(card.sources, [
    { kind: 'path', files: [{ bytes: 7, sha256: 'a'.repeat(64), note: 'given as My.onnx' }] },
  ])
  assert.deepEqual([card.selfTest.basis, card.selfTest.boxes], ['recorded', []])
})

test('A file that takes any size is rectangular, by its metadata or as it is asked for.', () => {
  assert.deepEqual(cardOfOnnx(anySize, answers).input.size, { longSide: 640 })
  const asked = { ...answers, size: { longSide: 416 } }
  assert.deepEqual(cardOfOnnx(anySize, asked).input.size, { longSide: 416 })
})

test('A DETR of any size gets the one that it was trained with: its pictures are stretched.', () => {
  const facts = factsOf(
    { logits: [null, 300, 2], pred_boxes: [null, 300, 4] },
    { image: [null, 3, null, null], metadata: { imgsz: '[384, 640]', names: ultralytics.names } },
  )
  const { input, head } = cardOfOnnx(facts, answers)
  assert.deepEqual(input.size, { width: 640, height: 384 })
  assert.deepEqual([input.fit, input.scale, head.family], ['stretch', 1 / 255, 'detr-raw'])
})

test("RF-DETR gets ImageNet's mean and deviation, and COCO's own ids.", () => {
  const facts = factsOf({ dets: [1, 300, 4], labels: [1, 300, 91] })
  const { input, head, classes } = cardOfOnnx(facts, { ...answers, classes: coco91 })
  assert.deepEqual(input.mean, [0.485, 0.456, 0.406])
  assert.ok(head.family === 'detr-raw' && head.classIds?.at(-1) === 90)
  assert.equal(classes.length, 80)
})

test('What a person says of a part of the card counts more than the file and the family.', () => {
  const overrides = {
    licence: 'our own',
    input: { colourOrder: 'bgr', fit: 'stretch' },
    thresholds: { score: 0.6 },
    classes: ['a', 'b'],
  } as const
  const card = cardOfOnnx(yolov8, {
    ...answers,
    overrides: { ...overrides, classes: ['a', 'b'] },
  })
  assert.deepEqual([card.licence, card.classes], ['our own', ['a', 'b']])
  assert.deepEqual([card.input.colourOrder, card.input.fit], ['bgr', 'stretch'])
  assert.deepEqual(card.thresholds, { score: 0.6, iou: 0.45, detectionsMax: 300 })
})

const nanodet = factsOf(nanodetOutputs, { image: [1, 3, 416, 416] })
const yolox = factsOf({ output: [1, 8400, 85] })

for (const { name, facts, change = {}, tried } of [
  {
    name: 'YOLOX fixed in everything',
    facts: yolox,
    change: { head: 'yolox', classes: coco80 },
    tried: ['all free 640', 'batch free 640x640', 'none 1 640x640'],
  },
  {
    name: 'YOLOv8 fixed in everything',
    facts: yolov8,
    tried: ['batch free 640x640', 'none 1 640x640'],
  },
  { name: 'YOLOv8 free in everything', facts: anySize, tried: ['none free 640', 'none 1 640'] },
  {
    name: 'NanoDet',
    facts: nanodet,
    change: { classes: coco80 },
    tried: ['batch free 416x416', 'none 1 416x416'],
  },
  {
    name: 'what is quantised at run time',
    facts: { ...yolov8, isDynamicallyQuantised: true },
    tried: ['none 1 640x640'],
  },
] as const)
  test(`The axes of ${name} are tried from the freest on.`, () => {
    const attempts = axesAttempts(facts, cardOfOnnx(facts, { ...answers, ...change }))
    const found = attempts.map(({ axes, card: { input } }) => {
      const { size } = input
      const sides = 'longSide' in size ? size.longSide : `${size.width}x${size.height}`
      return `${axes.axes} ${axes.batch} ${sides}`
    })
    assert.deepEqual(found, tried)
  })

test('What stayed fixed is said with its reason.', () => {
  const attempts = axesAttempts(yolov8, cardOfOnnx(yolov8, answers))
  const [free, fixed] = attempts
  assert.ok(free !== undefined && fixed !== undefined)
  const size = /takes 640x640 and no other size/
  const freeNotes = notesOfAxes(yolov8, free, [])
  assert.equal(freeNotes.length, 1)
  assert.match(freeNotes[0] ?? '', size)
  const fixedNotes = notesOfAxes(yolov8, fixed, ['Reshape cannot'])
  assert.match(fixedNotes[1] ?? '', /^one picture a run: Reshape cannot$/)
})
