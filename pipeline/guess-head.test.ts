import assert from 'node:assert/strict'
import { test } from 'node:test'
import { guessHead } from './guess-head.ts'
import { factsOf, nanodetOutputs, ultralytics } from './onnx-facts.fixture.ts'

const detr = { labels: [null, 300], boxes: [null, 300, 4], scores: [null, 300] }

for (const { name, facts, asked = null, code, says } of [
  {
    name: 'a segmentation model',
    facts: factsOf({ output0: [1, 116, 8400] }, { metadata: { ...ultralytics, task: 'segment' } }),
    code: 'model_unknown',
    says: /task is “segment”, not to detect/,
  },
  {
    name: 'a classifier',
    facts: factsOf({ probabilities: [1, 1000] }),
    code: 'model_unknown',
    says: /no head reads its outputs: probabilities \[1, 1000\]. Known are .*nanodet|NanoDet/i,
  },
  {
    name: 'an output of YOLOv8 form without metadata',
    facts: factsOf({ output0: [1, 84, 8400] }),
    code: 'head_doubtful',
    says: /output0 \[1, 84, 8400\] could be of yolov8 \(\[N, 4 \+ classes.*: give --head yolov8/,
  },
  {
    name: 'the raw output of YOLOX, which may be YOLOv6',
    facts: factsOf({ output: [1, 8400, 85] }),
    code: 'head_doubtful',
    says: /could be of yolox \(raw.*: give --head yolox/,
  },
  {
    name: 'six values a row: boxes that end, or YOLOX with one class',
    facts: factsOf({ output: [1, 84, 6] }, { image: [1, 3, 64, 64] }),
    code: 'head_doubtful',
    says: /could be of yolox .* or end-to-end .*: give --head yolox or another of these/,
  },
  {
    name: 'the decoded 25,200 anchors of YOLOv5',
    facts: factsOf({ output: [1, 25_200, 85] }),
    code: 'model_unknown',
    says: /no head reads its outputs: output \[1, 25200, 85\]/,
  },
  {
    name: 'labels, boxes and scores without the size that boxes are wanted in',
    facts: factsOf(detr),
    code: 'head_doubtful',
    says: /give --head detr/,
  },
  {
    name: 'two outputs with names of nobody',
    facts: factsOf({ a: [1, 300, 4], b: [1, 300, 80] }),
    code: 'head_doubtful',
    says: /give --head detr-raw/,
  },
  {
    name: 'a head that the outputs cannot be of',
    facts: factsOf({ output0: [1, 84, 8400] }),
    asked: 'nanodet',
    code: 'head_doubtful',
    says: /--head nanodet reads two outputs a stride.*are output0 \[1, 84, 8400\]; they could be of --head yolov8/,
  },
] as const)
  test(`Of ${name} the head is not guessed.`, () => {
    assert.throws(() => guessHead(facts, asked), { code, message: says })
  })

for (const { name, facts, asked = null, family, classCount } of [
  {
    name: "Ultralytics' YOLOv8",
    facts: factsOf({ output0: [1, 6, 8400] }, { metadata: { ...ultralytics, end2end: 'False' } }),
    family: 'yolov8',
    classCount: 2,
  },
  {
    name: "Ultralytics' YOLOv8 of any size",
    facts: factsOf({ output0: [null, 6, null] }, { metadata: ultralytics }),
    family: 'yolov8',
    classCount: 2,
  },
  {
    name: "Ultralytics' YOLO26",
    facts: factsOf({ output0: [1, 300, 6] }, { metadata: { ...ultralytics, end2end: 'True' } }),
    family: 'end-to-end',
    classCount: null,
  },
  {
    name: 'a YOLOv8 exported with its suppression',
    facts: factsOf(
      { output0: [1, 300, 6] },
      { metadata: { ...ultralytics, args: "{'batch': 1, 'nms': True}" } },
    ),
    family: 'end-to-end',
    classCount: null,
  },
  {
    name: 'DEIM as its authors export it',
    facts: factsOf(detr, { takesSizes: true }),
    family: 'detr',
    classCount: null,
  },
  {
    name: 'D-FINE of Hugging Face',
    facts: factsOf({ logits: [null, 300, 80], pred_boxes: [null, 300, 4] }),
    family: 'detr-raw',
    classCount: 80,
  },
  {
    name: 'NanoDet',
    facts: factsOf(nanodetOutputs, { image: [1, 3, 416, 416] }),
    family: 'nanodet',
    classCount: 80,
  },
  {
    name: 'YOLOX, when it is asked for',
    facts: factsOf({ output: [1, 8400, 85] }),
    asked: 'yolox',
    family: 'yolox',
    classCount: 80,
  },
  {
    name: 'YOLOX of any size, when it is asked for',
    facts: factsOf({ output: [null, null, 85] }, { image: [null, 3, null, null] }),
    asked: 'yolox',
    family: 'yolox',
    classCount: 80,
  },
] as const)
  test(`${name} is read by the head ${family}.`, () => {
    const guess = guessHead(facts, asked)
    assert.deepEqual([guess.head.family, guess.classCount], [family, classCount])
  })

test("RF-DETR's outputs are told apart by their form: dets are its boxes, labels its logits.", () => {
  const { head } = guessHead(factsOf({ dets: [1, 300, 4], labels: [1, 300, 91] }), null)
  assert.deepEqual(head, { family: 'detr-raw', outputs: { logits: 'labels', boxes: 'dets' } })
})

test("NanoDet's outputs are paired by their cells, the finest stride first, whatever their order.", () => {
  const shuffled = Object.fromEntries(Object.entries(nanodetOutputs).toReversed())
  const { head } = guessHead(factsOf(shuffled, { image: [1, 3, 416, 416] }), null)
  assert.deepEqual(head, {
    family: 'nanodet',
    cellCentre: 0.5,
    levels: [8, 16, 32].map((stride) => ({
      stride,
      scores: `cls_pred_stride_${stride}`,
      distances: `dis_pred_stride_${stride}`,
    })),
  })
})
