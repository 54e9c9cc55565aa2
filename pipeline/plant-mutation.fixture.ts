import onnxProto, { type onnx as Onnx } from 'onnx-proto'
import type { ModelCard } from '#gpu/model-card.ts'
import { floatTensor, int64Tensor } from './onnx-tensor.ts'

const { onnx } = onnxProto

/** A prepared model as it lies in a folder. */
export interface PreparedModel {
  readonly bytes: Uint8Array
  readonly card: ModelCard
}

/** Red where blue should be, by a node in the file. */
export function swapChannels({ bytes, card }: PreparedModel): PreparedModel {
  return { card, bytes: edited(bytes, (graph) => onPixels(graph, gather(graph, 3, [2, 1, 0]))) }
}

/** Red where blue should be, because the card asks FFmpeg for the other order. */
export function swapChannelsInCard({ bytes, card }: PreparedModel): PreparedModel {
  const colourOrder = card.input.colourOrder === 'bgr' ? 'rgb' : 'bgr'
  return { bytes, card: { ...card, input: { ...card.input, colourOrder } } }
}

/** The picture lies one pixel further to the right in what the network sees. */
export function shiftPad({ bytes, card }: PreparedModel): PreparedModel {
  return { card, bytes: edited(bytes, (graph) => afterPad(graph, shiftRight(graph))) }
}

/** Two classes change their columns in the network's output. */
export function swapClassesInFile(
  { bytes, card }: PreparedModel,
  [a, b]: readonly [number, number],
): PreparedModel {
  const columns = Array.from({ length: 5 + card.classes.length }, (_, index) => index)
  columns[5 + a] = 5 + b
  columns[5 + b] = 5 + a
  return {
    card,
    bytes: edited(bytes, (graph) => beforeOutput(graph, gather(graph, 2, columns))),
  }
}

/** Two classes change their names in the card. */
export function swapClassesInCard(
  { bytes, card }: PreparedModel,
  [a, b]: readonly [number, number],
): PreparedModel {
  const classes = [...card.classes]
  classes[a] = card.classes[b] ?? ''
  classes[b] = card.classes[a] ?? ''
  return { bytes, card: { ...card, classes } }
}

/** What the network is fed, times `factor`: 255 undoes a division by 255 (a missing one), 1/255 doubles it. */
export function scalePixels({ bytes, card }: PreparedModel, factor: number): PreparedModel {
  return { card, bytes: edited(bytes, (graph) => atNetwork(graph, multiply(graph, factor))) }
}

/** A raw file that wants 0..1 where `raw` wants 0..255: what most trainers export. */
export function rawForUnitRange(raw: Uint8Array): Uint8Array {
  return edited(raw, (graph) => {
    const image = graph.input?.[0]?.name ?? ''
    feedThrough(graph, image, multiply(graph, 255))
  })
}

/** Makes the node that stands between `input` and `output`. */
type Between = (input: string, output: string) => Onnx.INodeProto

function edited(bytes: Uint8Array, edit: (graph: Onnx.IGraphProto) => void): Uint8Array {
  const model = onnx.ModelProto.decode(bytes)
  if (!model.graph) throw new Error('no graph')
  edit(model.graph)
  return onnx.ModelProto.encode(model).finish()
}

function onPixels(graph: Onnx.IGraphProto, between: Between): void {
  feedThrough(graph, 'pixels', between)
}

/** Everyone who reads `name` reads what `between` makes of it. */
function feedThrough(graph: Onnx.IGraphProto, name: string, between: Between): void {
  const changed = `${name}/fed`
  for (const node of graph.node ?? [])
    node.input = (node.input ?? []).map((each) => (each === name ? changed : each))
  graph.node = [between(name, changed), ...(graph.node ?? [])]
}

/** Between the node that makes `name` and all who read it. */
function interpose(graph: Onnx.IGraphProto, name: string, between: Between): void {
  const before = `${name}/before`
  const nodes = graph.node ?? []
  const index = nodes.findIndex((node) => node.output?.includes(name))
  const maker = nodes[index]
  if (!maker) throw new Error(`nothing makes ${name}`)
  maker.output = (maker.output ?? []).map((each) => (each === name ? before : each))
  nodes.splice(index + 1, 0, between(before, name))
}

function afterPad(graph: Onnx.IGraphProto, between: Between): void {
  const pad = graph.node?.find(
    ({ opType, name }) => opType === 'Pad' && name?.startsWith('prologue/'),
  )
  interpose(graph, pad?.output?.[0] ?? '', between)
}

function beforeOutput(graph: Onnx.IGraphProto, between: Between): void {
  interpose(graph, graph.output?.[0]?.name ?? '', between)
}

/** Where the prologue hands over: the last of its nodes. */
function atNetwork(graph: Onnx.IGraphProto, between: Between): void {
  const last = graph.node?.findLast(({ name }) => name?.startsWith('prologue/'))
  interpose(graph, last?.output?.[0] ?? '', between)
}

function constant(graph: Onnx.IGraphProto, tensor: Onnx.ITensorProto): string {
  graph.initializer = [...(graph.initializer ?? []), tensor]
  return tensor.name ?? ''
}

function gather(graph: Onnx.IGraphProto, axis: number, indices: readonly number[]): Between {
  const name = constant(graph, int64Tensor('planted/indices', indices))
  const attribute = [{ name: 'axis', type: onnx.AttributeProto.AttributeType.INT, i: axis }]
  return (input, output) => made('Gather', [input, name], output, attribute)
}

function multiply(graph: Onnx.IGraphProto, factor: number): Between {
  const name = constant(graph, floatTensor(`planted/times ${factor}`, [factor], []))
  return (input, output) => made('Mul', [input, name], output)
}

/** NHWC: a column more before, a column less after. */
function shiftRight(graph: Onnx.IGraphProto): Between {
  const pads = constant(graph, int64Tensor('planted/pads', [0, 0, 1, 0, 0, 0, -1, 0]))
  const value = constant(graph, floatTensor('planted/value', [114], []))
  return (input, output) => made('Pad', [input, pads, value], output)
}

function made(
  opType: string,
  input: string[],
  output: string,
  attribute: Onnx.IAttributeProto[] = [],
): Onnx.INodeProto {
  return { opType, name: `planted/${output}`, input, output: [output], attribute }
}
