import onnxProto, { type onnx as Onnx } from 'onnx-proto'
import { cocoIds } from './class-names.ts'
import { OnnxGraphBuilder } from './onnx-graph-builder.ts'
import { PrepareError } from './prepare-error.ts'
import { TfjsLayers } from './tfjs-layers.ts'
import type { TfjsModel } from './tfjs-model.ts'

const { onnx } = onnxProto
const { INT, INTS } = onnx.AttributeProto.AttributeType
const { FLOAT } = onnx.TensorProto.DataType

/** Pixels a side; the pipeline of its training squeezes every picture into it. */
const side = 300
const anchors = 1917
/** Variances of the box coder: faster_rcnn_box_coder of the TensorFlow object detection API. */
const centreFactor = 10
const sizeFactor = 5
/** What comes before is resizing and (value * 2 / 255 - 1), which the ONNX file gets as 0..1. */
const firstLayer = 'Preprocessor/sub'
const predictors = [0, 1, 2, 3, 4, 5]

/**
 * SSDLite MobileNetV2 (arXiv:1801.04381) trained on COCO, as TensorFlow.js holds it, as ONNX: `images` [N, 3, 300, 300],
 * RGB 0..1, in; `output0` [N, 84, 1917] out: centre x, centre y, width, height in pixels, and the scores of COCO's 80
 * classes, the form of YOLOv8. Deterministic. Throws PrepareError `archive_invalid`.
 */
export function ssdliteGraph(model: TfjsModel): Uint8Array {
  const builder = new OnnxGraphBuilder('ssdlite')
  const doubled = builder.add('Mul', ['images', builder.float([2], [])])
  const image = builder.add('Sub', [doubled, builder.float([1], [])])
  const layers = new TfjsLayers(model, builder, { [firstLayer]: image })
  const rows = (kind: string, values: number): string => {
    const parts = predictors.map((index) => {
      const nchw = layers.tensor(`BoxPredictor_${index}/${kind}/BiasAdd`)
      const nhwc = builder.add('Transpose', [nchw], {
        name: 'perm',
        type: INTS,
        ints: [0, 2, 3, 1],
      })
      return builder.add('Reshape', [nhwc, builder.int64([0, -1, values])])
    })
    return builder.add('Concat', parts, axis(1))
  }
  const boxes = decodedBoxes(builder, rows('BoxEncodingPredictor', 4), anchorBoxes(model))
  // 91 logits: none, then COCO's own ids.
  const logits = builder.add(
    'Gather',
    [rows('ClassPredictor', 91), builder.int64(cocoIds)],
    axis(2),
  )
  const all = builder.add('Concat', [...boxes, builder.add('Sigmoid', [logits])], axis(2))
  const output = builder.add('Transpose', [all], { name: 'perm', type: INTS, ints: [0, 2, 1] })
  builder.renameLast(output, 'output0')
  return onnx.ModelProto.encode({
    irVersion: 8,
    opsetImport: [{ domain: '', version: 13 }],
    graph: {
      name: 'ssdlite_mobilenet_v2_coco',
      node: builder.nodes,
      initializer: builder.constants,
      input: [value('images', [3, side, side])],
      output: [value('output0', [4 + cocoIds.length, anchors])],
    },
  }).finish()
}

/** Encodings are (y, x, height, width), against anchors of (left, top, right, bottom) as shares. */
function decodedBoxes(builder: OnnxGraphBuilder, encoded: string, boxes: Float32Array): string[] {
  const centres = new Float32Array(anchors * 2)
  const sizes = new Float32Array(anchors * 2)
  for (let i = 0; i < anchors; i++) {
    const [top = 0, left = 0, bottom = 0, right = 0] = boxes.subarray(i * 4, i * 4 + 4)
    centres.set([((left + right) / 2) * side, ((top + bottom) / 2) * side], i * 2)
    sizes.set([(right - left) * side, (bottom - top) * side], i * 2)
  }
  const dims = [1, anchors, 2]
  const place = builder.add('Gather', [encoded, builder.int64([1, 0])], axis(2))
  const growth = builder.add('Gather', [encoded, builder.int64([3, 2])], axis(2))
  const steps = sizes.map((size) => size / centreFactor)
  const moved = builder.add('Mul', [place, builder.float(steps, dims)])
  const scaled = builder.add('Mul', [growth, builder.float([1 / sizeFactor], [])])
  return [
    builder.add('Add', [moved, builder.float(centres, dims)]),
    builder.add('Mul', [builder.add('Exp', [scaled]), builder.float(sizes, dims)]),
  ]
}

function anchorBoxes({ weights }: TfjsModel): Float32Array {
  const boxes = weights.get('Postprocessor/ExpandDims')
  if (boxes?.data.length === anchors * 4) return boxes.data
  throw new PrepareError('archive_invalid', 'the TensorFlow.js model has no 1917 anchors')
}

function axis(i: number): Onnx.IAttributeProto {
  return { name: 'axis', type: INT, i }
}

function value(name: string, dims: readonly number[]): Onnx.IValueInfoProto {
  const dim = [{ dimParam: 'N' }, ...dims.map((dimValue) => ({ dimValue }))]
  return { name, type: { tensorType: { elemType: FLOAT, shape: { dim } } } }
}
