import type { OverlayPlan, PlannedBox, PlannedLabel } from './overlay-plan.ts'

/** Colours and font of the page's tokens, as a canvas wants them. */
export interface Ink {
  readonly boxOutline: string
  readonly scrim: string
  readonly text: string
  readonly textSoft: string
  readonly font: string
  /** Index 1 to 8. */
  readonly boxes: readonly string[]
}

export function readInk(element: Element): Ink {
  const style = getComputedStyle(element)
  const token = (name: string): string => style.getPropertyValue(name).trim()
  return {
    boxOutline: token('--box-outline'),
    scrim: token('--scrim'),
    text: token('--scrim-text'),
    textSoft: token('--scrim-text-2'),
    font: token('--font'),
    boxes: Array.from({ length: 9 }, (_, i) => (i === 0 ? '' : token(`--box-${i}`))),
  }
}

export function labelFont(fontPx: number, ink: Ink): string {
  return `500 ${fontPx}px ${ink.font}`
}

/** Replaces what is on the canvas. `scale`: device pixels a CSS pixel. */
export function paintOverlay(
  context: CanvasRenderingContext2D,
  plan: OverlayPlan,
  options: { readonly ink: Ink; readonly scaleX: number; readonly scaleY: number },
): void {
  const { ink, scaleX, scaleY } = options
  context.setTransform(1, 0, 0, 1, 0, 0)
  context.clearRect(0, 0, context.canvas.width, context.canvas.height)
  context.setTransform(scaleX, 0, 0, scaleY, 0, 0)
  context.lineJoin = 'round'
  for (const box of plan.boxes) paintBox(context, box, { ink, dashed: plan.dashed })
  context.setLineDash([])
  context.textBaseline = 'middle'
  context.font = labelFont(plan.fontPx, ink)
  for (const label of plan.labels) paintLabel(context, label, ink)
}

function paintBox(
  context: CanvasRenderingContext2D,
  box: PlannedBox,
  { ink, dashed }: { readonly ink: Ink; readonly dashed: boolean },
): void {
  context.setLineDash([])
  context.strokeStyle = ink.boxOutline
  context.lineWidth = box.small ? 3 : 4
  context.strokeRect(box.left, box.top, box.width, box.height)
  if (dashed) context.setLineDash([5, 4])
  context.strokeStyle = ink.boxes[box.colour] ?? ink.text
  context.lineWidth = box.small ? 1.25 : 2
  context.strokeRect(box.left, box.top, box.width, box.height)
}

function paintLabel(context: CanvasRenderingContext2D, label: PlannedLabel, ink: Ink): void {
  const middle = label.top + label.height / 2 + 0.5
  context.fillStyle = ink.scrim
  context.fillRect(label.left, label.top, label.width, label.height)
  context.fillStyle = ink.boxes[label.colour] ?? ink.text
  context.fillRect(label.left, label.top, 3, label.height)
  context.fillStyle = ink.text
  context.fillText(label.name, label.left + 7, middle)
  context.fillStyle = ink.textSoft
  context.fillText(label.rest, label.left + 7 + label.nameWidth, middle)
}
