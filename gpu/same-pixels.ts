import { inputGeometry, type Size } from './letterbox.ts'
import type { ModelInput } from './model-card.ts'

/** Usual pictures, and two extremes that show both sides of the input. */
const probes: readonly Size[] = [
  { width: 10_000, height: 1 },
  { width: 1, height: 10_000 },
  { width: 320, height: 240 },
  { width: 640, height: 360 },
  { width: 640, height: 640 },
  { width: 704, height: 576 },
  { width: 720, height: 1280 },
  { width: 1080, height: 1920 },
  { width: 1280, height: 1024 },
  { width: 1920, height: 1080 },
  { width: 2560, height: 1920 },
  { width: 2592, height: 1520 },
  { width: 3072, height: 2048 },
  { width: 3840, height: 1080 },
  { width: 4096, height: 1800 },
]

/** Whether pictures that were scaled for one model can be shown to the other as they are. */
export function wantSamePixels(a: ModelInput, b: ModelInput): boolean {
  return probes.every((source) => {
    const one = inputGeometry({ input: a }, source)
    const other = inputGeometry({ input: b }, source)
    return one.filter === other.filter && one.pixelFormat === other.pixelFormat
  })
}
