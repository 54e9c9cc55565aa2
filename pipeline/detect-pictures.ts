import type { Detection } from '#gpu/detection.ts'
import type { Size } from '#gpu/letterbox.ts'
import type { Model } from '#gpu/model.ts'
import { prefetch } from './prefetch.ts'
import { scaledPicture } from './scaled-picture.ts'

/** One child decodes while the model looks at the picture before; a third process would find no core on the smallest machine. */
const picturesAhead = 2
/** Class index, score, left, top, width, height. */
const valuesADetection = 6

export interface DetectedPicture<Item> {
  readonly item: Item
  /** Of the file. */
  readonly source: Size
  /** Shares of the picture, best first. */
  readonly detections: readonly Detection[]
}

/** Runs the serving model over picture files, one a batch, in their order. Throws StageError for a broken one. */
export async function* detectPictures<Item extends { readonly path: string }>(
  items: readonly Item[],
  options: { readonly model: Model; readonly ffmpegPath: string; readonly signal: AbortSignal },
): AsyncGenerator<DetectedPicture<Item>> {
  const { model, ffmpegPath, signal } = options
  const { input } = model.card
  const load = ({ path }: Item) => scaledPicture(path, { input, ffmpegPath, signal })
  for await (const { item, loaded } of prefetch(items, picturesAhead, load)) {
    signal.throwIfAborted()
    const { pixels, width, height, source } = loaded
    const result = await model.run({ pixels, count: 1, width, height })
    yield { item, source, detections: unpack(result.detections[0] ?? new Float32Array()) }
  }
}

function unpack(values: Float32Array): readonly Detection[] {
  const detections: Detection[] = []
  for (let at = 0; at < values.length; at += valuesADetection) {
    const [classIndex = 0, score = 0, left = 0, top = 0, width = 0, height = 0] = values.subarray(
      at,
      at + valuesADetection,
    )
    detections.push({ classIndex, score, left, top, width, height })
  }
  return detections
}
