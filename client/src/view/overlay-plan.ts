import type { DetectedObject } from '#protocol/messages.ts'
import { classColour } from '../look/class-colour.ts'
import type { Rect, Size } from './contain.ts'

export interface OverlayRequest {
  readonly objects: readonly DetectedObject[]
  /** Where the picture is inside the tile, in CSS pixels. */
  readonly picture: Rect
  readonly tile: Size
  readonly hiddenClasses: ReadonlySet<string>
  /** Boxes of a frame older than one detect interval. */
  readonly dashed: boolean
  /** Full screen: scores too. */
  readonly detail: boolean
  /** CSS pixels at the foot of the tile that labels leave free. */
  readonly footHeight: number
  /** Width of a text in CSS pixels, in the font that `fontPx` says. */
  readonly measure: (text: string, fontPx: number) => number
}

/** All in CSS pixels. */
export interface PlannedBox extends Rect {
  readonly colour: number
  /** Below 14 px: thinner lines. */
  readonly small: boolean
}

export interface PlannedLabel extends Rect {
  readonly colour: number
  /** The class, empty in a crowd. */
  readonly name: string
  readonly nameWidth: number
  /** Track and score. */
  readonly rest: string
}

export interface OverlayPlan {
  /** Large first, so that small ones stay visible. */
  readonly boxes: readonly PlannedBox[]
  readonly labels: readonly PlannedLabel[]
  readonly dashed: boolean
  readonly fontPx: number
}

const smallBoxPx = 14
const labelledHeightPxMin = 20
/** In a crowd, labels are where they can be told apart. */
const crowd = { boxesMin: 11, tileWidthMax: 1_000, labelledHeightPxMin: 28 }
const labelPadding = { left: 7, right: 5 }

/** What is drawn over one picture, decided before anything is drawn. Pure. */
export function planOverlay(request: OverlayRequest): OverlayPlan {
  const shown = request.objects
    .filter(({ label }) => !request.hiddenClasses.has(label))
    .map((object) => ({ object, box: placeBox(object, request.picture) }))
  const fontPx = request.tile.width > 900 ? 12 : 11
  return {
    boxes: shown.map(({ box }) => box).sort((a, b) => b.width * b.height - a.width * a.height),
    labels: placeLabels(shown, request, fontPx),
    dashed: request.dashed,
    fontPx,
  }
}

function placeBox(object: DetectedObject, picture: Rect): PlannedBox {
  const [left, top, width, height] = object.box
  const x = Math.round(picture.left + left * picture.width)
  const y = Math.round(picture.top + top * picture.height)
  // Edges are rounded, not sizes: neighbours that touch in the picture touch on the screen.
  const right = Math.round(picture.left + (left + width) * picture.width)
  const bottom = Math.round(picture.top + (top + height) * picture.height)
  return {
    left: x,
    top: y,
    width: right - x,
    height: bottom - y,
    colour: classColour(object.label),
    small: Math.min(right - x, bottom - y) < smallBoxPx,
  }
}

interface Shown {
  readonly object: DetectedObject
  readonly box: PlannedBox
}

/** Best score first; one that finds no free place is left out, its box stays. */
function placeLabels(
  shown: readonly Shown[],
  request: OverlayRequest,
  fontPx: number,
): PlannedLabel[] {
  const crowded = shown.length >= crowd.boxesMin && request.tile.width < crowd.tileWidthMax
  const heightPxMin = crowded ? crowd.labelledHeightPxMin : labelledHeightPxMin
  const placed: PlannedLabel[] = []
  for (const { object, box } of shown.toSorted((a, b) => b.object.score - a.object.score)) {
    if (box.height < heightPxMin && !request.detail) continue
    const text = labelText(object, { crowded, detail: request.detail })
    if (text === null) continue
    const nameWidth = request.measure(text.name, fontPx)
    const restWidth = request.measure(text.rest, fontPx)
    const size = {
      width: Math.ceil(nameWidth + restWidth) + labelPadding.left + labelPadding.right,
      height: fontPx + 6,
    }
    const spot = freeSpot(box, size, request, placed)
    if (spot !== null)
      placed.push({ ...spot, ...size, ...text, nameWidth, colour: classColour(object.label) })
  }
  return placed
}

function labelText(
  object: DetectedObject,
  how: { readonly crowded: boolean; readonly detail: boolean },
): { name: string; rest: string } | null {
  const id = object.trackId === null ? '' : String(object.trackId)
  // The colour says the class already.
  if (how.crowded && !how.detail) return id === '' ? null : { name: '', rest: id }
  const score = how.detail ? object.score.toFixed(2) : ''
  return { name: object.label, rest: [id, score].map((part) => part && ` ${part}`).join('') }
}

/** Above the box, else below, else inside. */
function freeSpot(
  box: PlannedBox,
  size: Size,
  { picture, tile, footHeight }: OverlayRequest,
  placed: readonly PlannedLabel[],
): { left: number; top: number } | null {
  const bottomMax = Math.min(picture.top + picture.height, tile.height - footHeight)
  const leftMax = picture.left + picture.width - size.width - 1
  const left = Math.round(Math.max(picture.left + 1, Math.min(box.left - 1, leftMax)))
  for (const top of [box.top - size.height - 1, box.top + box.height + 1, box.top + 2]) {
    if (top < picture.top || top + size.height > bottomMax) continue
    const spot = { left, top }
    if (!placed.some((other) => overlaps({ ...spot, ...size }, other))) return spot
  }
  return null
}

/** Labels keep 2 px beside and 1 px above and below each other. */
function overlaps(a: Rect, b: Rect): boolean {
  return (
    a.left < b.left + b.width + 2 &&
    b.left < a.left + a.width + 2 &&
    a.top < b.top + b.height + 1 &&
    b.top < a.top + a.height + 1
  )
}
