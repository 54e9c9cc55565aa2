import type { Box, PictureSize } from './box.ts'
import { invalidLine } from './dataset-error.ts'
import { parseDecimal } from './decimal.ts'

export interface LabelledBox {
  readonly classIndex: number
  readonly box: Box
}

/** 1e-8 of a side of 65,535 px is far below the hundredth of a pixel that a round trip may cost. */
const decimals = 8
/** What trainers' own rounding puts over the border. */
const borderTolerance = 1e-4

/** One line a box: class, centre x and y, width, height as shares; LF; '' for a picture without boxes. */
export function formatYoloLabels(boxes: readonly LabelledBox[], size: PictureSize): string {
  return boxes
    .map(({ classIndex, box: { left, top, right, bottom } }) => {
      const shares = [
        (left + right) / 2 / size.width,
        (top + bottom) / 2 / size.height,
        (right - left) / size.width,
        (bottom - top) / size.height,
      ]
      return `${classIndex} ${shares.map((share) => share.toFixed(decimals)).join(' ')}\n`
    })
    .join('')
}

/**
 * The text of a YOLO label file: boxes, or polygons, which become the boxes around them. Edges may lie outside of the
 * picture by what rounding does; the caller clips. Throws StageError `input_invalid` with file and line.
 */
export function parseYoloLabels(
  text: string,
  options: { readonly file: string; readonly size: PictureSize; readonly classCount: number },
): readonly (LabelledBox & { readonly isPolygon: boolean })[] {
  const found = []
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const fields = line.trim().split(/\s+/)
    if (fields[0] === '' || fields[0] === undefined) continue
    const refuse = (sentence: string) => invalidLine(options.file, index + 1, sentence)
    const classIndex = /^\d+$/.test(fields[0]) ? Number(fields[0]) : -1
    if (classIndex < 0 || classIndex >= options.classCount)
      throw refuse(`class “${fields[0]}” is not 0 to ${options.classCount - 1}`)
    const shares = fields.slice(1).map((field) => {
      const value = parseDecimal(field)
      if (value === null) throw refuse(`“${field}” is not a number`)
      if (value < -borderTolerance || value > 1 + borderTolerance)
        throw refuse(`${value} is not a share of the picture; pixels?`)
      return value
    })
    const isPolygon = shares.length >= 6 && shares.length % 2 === 0
    if (shares.length !== 4 && !isPolygon)
      throw refuse(`${fields.length} fields: neither a box (5) nor a polygon (7, 9, ...)`)
    const box = scaled(isPolygon ? around(shares) : fromCentre(shares), options.size)
    found.push({ classIndex, box, isPolygon })
  }
  return found
}

function fromCentre([x = 0, y = 0, width = 0, height = 0]: readonly number[]): Box {
  return {
    left: x - width / 2,
    top: y - height / 2,
    right: x + width / 2,
    bottom: y + height / 2,
  }
}

function around(points: readonly number[]): Box {
  const xs = points.filter((_, index) => index % 2 === 0)
  const ys = points.filter((_, index) => index % 2 === 1)
  return {
    left: Math.min(...xs),
    top: Math.min(...ys),
    right: Math.max(...xs),
    bottom: Math.max(...ys),
  }
}

function scaled(box: Box, { width, height }: PictureSize): Box {
  return {
    left: box.left * width,
    top: box.top * height,
    right: box.right * width,
    bottom: box.bottom * height,
  }
}
