import onnxProto, { type onnx as Onnx } from 'onnx-proto'
import type { CatalogueCard, ModelCard } from '#gpu/model-card.ts'
import { readCatalogueCard } from './catalogue-card.ts'
import { floatTensor, int64Tensor } from './onnx-tensor.ts'
import { makeFolder, placeModel } from './place-model.ts'
import { prepareGraph } from './prepare-graph.ts'

const { onnx } = onnxProto
const { AttributeType } = onnx.AttributeProto
const { DataType } = onnx.TensorProto

/** Every blob of this side or more, in pixels of what the network sees, holds a cell's pixel. */
const stride = 8
/** Wider and higher blobs are cut; the pools look so far. */
const sideMaxPx = 512
/** Half-way from the grey of blobScene (96) to a saturated colour: a pixel belongs to what fills most of it. */
const colourMarginMin = 79.5

/**
 * A network without weights that finds rectangles of saturated red, green and blue exactly: ground truth by
 * arithmetic for decode, letterbox, batch, suppression, socket and mAP. One output of the YOLOv8 family, [N, 4 + 3,
 * cells]. From each cell's pixel it looks left, right, up and down for the nearest pixel that is no blob: edges are
 * whole pixels and scores 0 or 1. Blobs: rectangles of 8 to 512 px in what the network sees, a pixel apart.
 */
export function blobDetector(): Uint8Array {
  const graph = new GraphBuilder()
  const colour = [1, -1, -1, -1, 1, -1, -1, -1, 1]
  const margin = graph.add('Conv', ['images', graph.float(colour, [3, 3, 1, 1])])
  const isBlob = graph.add('Greater', [margin, graph.float([colourMarginMin], [])])
  const masks = graph.add('Cast', [isBlob], [int('to', DataType.FLOAT)])
  const any = graph.add('ReduceMax', [masks], [ints('axes', [1])])
  const free = graph.add('Sub', [graph.float([1], []), any])
  const ones = graph.add('Add', [free, any])
  // x + 1, W - x, y + 1, H - y
  const ramps = [3, 3, 2, 2].map((axis, index) =>
    graph.add('CumSum', [ones, graph.int64(axis)], [int('reverse', index % 2)]),
  )
  // The last free pixel's ramp within reach, before the blob and after it: left, W - right, top, H - bottom.
  const reach = sideMaxPx - 1
  const windows = [
    { kernel: [1, sideMaxPx], pads: [0, reach, 0, 0] },
    { kernel: [1, sideMaxPx], pads: [0, 0, 0, reach] },
    { kernel: [sideMaxPx, 1], pads: [reach, 0, 0, 0] },
    { kernel: [sideMaxPx, 1], pads: [0, 0, reach, 0] },
  ]
  const edges = ramps.map((ramp, index) => {
    const { kernel = [], pads = [] } = windows[index] ?? {}
    return graph.pool(graph.add('Mul', [ramp, free]), kernel, pads)
  })
  const all = graph.add('Concat', [...ramps, masks], [int('axis', 1)])
  const sampled = graph.pool(all, [1, 1], [0, 0, 0, 0])
  const values = graph.add('Concat', [sampled, ...edges], [int('axis', 1)])
  const rows = graph.add('Conv', [
    values,
    graph.float(boxWeights.flat(), [7, 11, 1, 1]),
    graph.float([-0.5, -0.5, -1, -1, 0, 0, 0], [7]),
  ])
  graph.add('Reshape', [rows, graph.shape([0, 7, -1])], [], 'output')
  return graph.encode()
}

/**
 * centre x, centre y, width, height, three scores, of: x + 1, W - x, y + 1, H - y, three masks, left, W - right, top,
 * H - bottom. W is the sum of the first two less one.
 */
const boxWeights: readonly (readonly number[])[] = [
  [0.5, 0.5, 0, 0, 0, 0, 0, 0.5, -0.5, 0, 0],
  [0, 0, 0.5, 0.5, 0, 0, 0, 0, 0, 0.5, -0.5],
  [1, 1, 0, 0, 0, 0, 0, -1, -1, 0, 0],
  [0, 0, 1, 1, 0, 0, 0, 0, 0, -1, -1],
  [0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0],
  [0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0],
  [0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0],
]

/** The detector, prepared like any other, and its card: `blobs.onnx` and `blobs.json` in a folder. */
export async function placeBlobDetector(
  dir: string,
  input: Partial<CatalogueCard['input']> = {},
): Promise<ModelCard> {
  const raw = blobDetector()
  const card = await blobCard(input)
  await makeFolder(dir)
  const model = prepareGraph(raw, card, { axes: 'none', batch: 'free' })
  const made = { card, model, raw, from: 'path', keeps: 'nothing-raw' } as const
  return placeModel(dir, { ...made, batchMax: null, notes: [] })
}

export async function blobCard(input: Partial<CatalogueCard['input']>): Promise<CatalogueCard> {
  const { selfTest } = await readCatalogueCard('yolox-nano')
  return {
    name: 'blobs',
    file: 'blobs.onnx',
    licence: 'Apache-2.0',
    source: 'made by pipeline/blob-detector.ts; finds saturated rectangles, for tests',
    input: {
      size: { longSide: 640 },
      stride,
      layout: 'nchw',
      colourOrder: 'rgb',
      scale: 1,
      mean: [0, 0, 0],
      std: [1, 1, 1],
      fit: 'letterbox-topleft',
      padValue: 114,
      ...input,
    },
    head: { family: 'yolov8' },
    classes: ['red', 'green', 'blue'],
    // Each blob is found from many cells, with the same box: all but one are suppressed.
    thresholds: { score: 0.5, iou: 0.9, detectionsMax: 300 },
    sources: [{ kind: 'path', files: [{ bytes: 0, sha256: '0'.repeat(64), note: 'generated' }] }],
    selfTest: { ...selfTest, basis: 'recorded', boxes: [] },
  }
}

class GraphBuilder {
  readonly #nodes: Onnx.INodeProto[] = []
  readonly #constants: Onnx.ITensorProto[] = []

  add(
    opType: string,
    inputs: readonly string[],
    attribute: readonly Onnx.IAttributeProto[] = [],
    output = `v${this.#nodes.length}`,
  ): string {
    const node = { opType, name: `${output}/${opType}`, input: [...inputs], output: [output] }
    this.#nodes.push({ ...node, attribute: [...attribute] })
    return output
  }

  pool(input: string, kernel: readonly number[], pads: readonly number[]): string {
    const strides = ints('strides', [stride, stride])
    return this.add('MaxPool', [input], [ints('kernel_shape', kernel), ints('pads', pads), strides])
  }

  float(values: readonly number[], dims: readonly number[]): string {
    return this.#constant(floatTensor(`c${this.#constants.length}`, values, dims))
  }

  shape(values: readonly number[]): string {
    return this.#constant(int64Tensor(`c${this.#constants.length}`, values))
  }

  int64(value: number): string {
    return this.#constant({ ...int64Tensor(`c${this.#constants.length}`, [value]), dims: [] })
  }

  #constant(tensor: Onnx.ITensorProto): string {
    this.#constants.push(tensor)
    return tensor.name ?? ''
  }

  encode(): Uint8Array {
    const value = (name: string, dim: readonly (string | number)[]): Onnx.IValueInfoProto => ({
      name,
      type: {
        tensorType: {
          elemType: DataType.FLOAT,
          shape: {
            dim: dim.map((each) =>
              typeof each === 'string' ? { dimParam: each } : { dimValue: each },
            ),
          },
        },
      },
    })
    return onnx.ModelProto.encode({
      irVersion: 7,
      opsetImport: [{ domain: '', version: 13 }],
      graph: {
        name: 'blobs',
        input: [value('images', ['N', 3, 'H', 'W'])],
        output: [value('output', ['N', 7, 'cells'])],
        initializer: this.#constants,
        node: this.#nodes,
      },
    }).finish()
  }
}

function int(name: string, i: number): Onnx.IAttributeProto {
  return { name, type: AttributeType.INT, i }
}

function ints(name: string, values: readonly number[]): Onnx.IAttributeProto {
  return { name, type: AttributeType.INTS, ints: [...values] }
}
