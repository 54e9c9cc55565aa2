import type { HeadOutput } from '#gpu/heads/head.ts'
import type { CatalogueCard } from '#gpu/model-card.ts'
import { assert } from '#std/assert.ts'

/** Every box that a network tells of one picture, doubtful ones included, in pixels of what it saw. */
export interface RawBoxes {
  /** left, top, right, bottom of each. */
  readonly edges: Float64Array
  /** A score for each class of each. */
  readonly scores: Float64Array
  readonly classCount: number
}

export interface ReferenceBox {
  readonly classIndex: number
  readonly score: number
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
}

type Decode = (
  outputs: readonly HeadOutput[],
  index: number,
  width: number,
  height: number,
) => RawBoxes

/**
 * The family's published arithmetic, written for reading and a second time: heads/ serve. Null for families that
 * have no second writing here.
 */
export function referenceDecoder({ head, classes }: CatalogueCard): Decode | null {
  const classCount = classes.length
  if (head.family === 'yolox')
    return ([output], index, width, height) =>
      yolox(rowsOf(output, index), { classCount, cells: cellsOf(head.strides, width, height) })
  if (head.family === 'yolov8') return ([output], index) => yolov8(output, index, classCount)
  if (head.family === 'end-to-end')
    return ([output], index) => endToEnd(rowsOf(output, index), classCount)
  return null
}

/** What would be told: the best class of each box, those that overlap a better one of its class left out. */
export function toldBoxes(
  { edges, scores, classCount }: RawBoxes,
  thresholds: { readonly score: number; readonly iou: number; readonly detectionsMax: number },
): readonly ReferenceBox[] {
  const all: ReferenceBox[] = []
  for (let i = 0; i * 4 < edges.length; i++) {
    const own = scores.subarray(i * classCount, (i + 1) * classCount)
    const score = Math.max(...own)
    const [left = 0, top = 0, right = 0, bottom = 0] = edges.subarray(i * 4, i * 4 + 4)
    if (score >= thresholds.score && right > left && bottom > top)
      all.push({ classIndex: own.indexOf(score), score, left, top, right, bottom })
  }
  const told: ReferenceBox[] = []
  for (const box of all.toSorted((a, b) => b.score - a.score)) {
    const isKnown = told.some(
      (better) =>
        better.classIndex === box.classIndex && referenceOverlap(better, box) > thresholds.iou,
    )
    if (!isKnown && told.length < thresholds.detectionsMax) told.push(box)
  }
  return told
}

export type Edges = Pick<ReferenceBox, 'left' | 'top' | 'right' | 'bottom'>

/** Intersection over union. */
export function referenceOverlap(a: Edges, b: Edges): number {
  const width = Math.min(a.right, b.right) - Math.max(a.left, b.left)
  const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top)
  if (width <= 0 || height <= 0) return 0
  const area = (box: Edges): number => (box.right - box.left) * (box.bottom - box.top)
  return (width * height) / (area(a) + area(b) - width * height)
}

type Row = Float32Array

/** [N, rows, values] -> the rows of one picture. */
function rowsOf(output: HeadOutput | undefined, index: number): readonly Row[] {
  assert(output?.dims.length === 3, 'an output of three axes')
  const [, rows = 0, values = 0] = output.dims
  const from = index * rows * values
  return Array.from({ length: rows }, (_, row) =>
    output.data.subarray(from + row * values, from + (row + 1) * values),
  )
}

interface Cell {
  readonly x: number
  readonly y: number
  readonly stride: number
}

function cellsOf(strides: readonly number[], width: number, height: number): readonly Cell[] {
  const cells: Cell[] = []
  for (const stride of strides)
    for (let y = 0; y < height / stride; y++)
      for (let x = 0; x < width / stride; x++) cells.push({ x, y, stride })
  return cells
}

function yolox(
  rows: readonly Row[],
  { classCount, cells }: { readonly classCount: number; readonly cells: readonly Cell[] },
): RawBoxes {
  assert(rows.length === cells.length, 'a row for each cell of the grids')
  const boxes = emptyBoxes(rows.length, classCount)
  for (const [
    i,
    [dx = 0, dy = 0, logWidth = 0, logHeight = 0, objectness = 0, ...own],
  ] of rows.entries()) {
    const { x, y, stride } = cells[i] ?? { x: 0, y: 0, stride: 0 }
    const centre = [(dx + x) * stride, (dy + y) * stride] as const
    setEdges(boxes, i, centre, [Math.exp(logWidth) * stride, Math.exp(logHeight) * stride])
    for (let c = 0; c < classCount; c++)
      boxes.scores[i * classCount + c] = objectness * (own[c] ?? NaN)
  }
  return boxes
}

/** [N, 4 + classes, anchors]: a column for each box. */
function yolov8(output: HeadOutput | undefined, index: number, classCount: number): RawBoxes {
  const rows = rowsOf(output, index)
  const count = rows[0]?.length ?? 0
  const boxes = emptyBoxes(count, classCount)
  for (let i = 0; i < count; i++) {
    const [x = 0, y = 0, width = 0, height = 0] = rows.slice(0, 4).map((row) => row[i] ?? NaN)
    setEdges(boxes, i, [x, y], [width, height])
    for (let c = 0; c < classCount; c++) boxes.scores[i * classCount + c] = rows[4 + c]?.[i] ?? NaN
  }
  return boxes
}

/** Rows of left, top, right, bottom, score, class. */
function endToEnd(rows: readonly Row[], classCount: number): RawBoxes {
  const boxes = emptyBoxes(rows.length, classCount)
  for (const [i, row] of rows.entries()) {
    boxes.edges.set(row.subarray(0, 4), i * 4)
    const c = Math.round(row[5] ?? 0)
    if (c >= 0 && c < classCount) boxes.scores[i * classCount + c] = row[4] ?? NaN
  }
  return boxes
}

function emptyBoxes(count: number, classCount: number): RawBoxes {
  return {
    edges: new Float64Array(count * 4),
    scores: new Float64Array(count * classCount),
    classCount,
  }
}

function setEdges(
  { edges }: RawBoxes,
  index: number,
  [x, y]: readonly [number, number],
  [width, height]: readonly [number, number],
): void {
  edges.set([x - width / 2, y - height / 2, x + width / 2, y + height / 2], index * 4)
}
