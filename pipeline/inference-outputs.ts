import { join } from 'node:path'
import type {
  FrameLine,
  InferenceLine,
  PictureLine,
  StreamLine,
  UnreadableLine,
} from './inference-line.ts'
import { PartFile } from './part-file.ts'

export interface InferenceOutputsOptions {
  /** Of the model, by class index. */
  readonly classes: readonly string[]
  /** `detections.jsonl`; null: not wanted. */
  readonly linesPath: string | null
  /** `coco-detections.json`, with `coco-images.json` beside it; null: not wanted. */
  readonly cocoFolder: string | null
  /** Each line, at once; null: not wanted. */
  readonly print: ((line: string) => Promise<void>) | null
}

/** Where lines go, one after the other; files have their names once `place` was called. Holds no line. */
export class InferenceOutputs implements AsyncDisposable {
  readonly #print: InferenceOutputsOptions['print']
  readonly #lines: PartFile | null
  readonly #coco: CocoFiles | null

  private constructor(
    print: InferenceOutputsOptions['print'],
    lines: PartFile | null,
    coco: CocoFiles | null,
  ) {
    this.#print = print
    this.#lines = lines
    this.#coco = coco
  }

  static async open(options: InferenceOutputsOptions): Promise<InferenceOutputs> {
    const { linesPath, cocoFolder, classes, print } = options
    await using opened = new AsyncDisposableStack()
    const lines = linesPath === null ? null : opened.use(await PartFile.open(linesPath))
    const coco = cocoFolder === null ? null : opened.use(await CocoFiles.open(cocoFolder, classes))
    opened.move()
    return new InferenceOutputs(print, lines, coco)
  }

  async add(line: InferenceLine): Promise<void> {
    const text = JSON.stringify(line)
    await this.#lines?.write(`${text}\n`)
    if ('objects' in line) await this.#coco?.add(line)
    await this.#print?.(text)
  }

  async place(): Promise<readonly string[]> {
    await this.#lines?.place()
    await this.#coco?.place()
    return [...(this.#lines === null ? [] : [this.#lines.path]), ...(this.#coco?.paths ?? [])]
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#lines?.[Symbol.asyncDispose]()
    await this.#coco?.[Symbol.asyncDispose]()
  }
}

type FoundLine = Exclude<InferenceLine, UnreadableLine>

/**
 * COCO results (https://cocodataset.org/#format-results), and the images and categories whose ids they use. Category
 * ids count from 1 in the order of the model's classes, as in the files of `preprocess-datasets`.
 */
class CocoFiles implements AsyncDisposable {
  readonly #detections: PartFile
  readonly #images: PartFile
  readonly #classes: readonly string[]
  #imageCount = 0
  #detectionCount = 0

  private constructor(detections: PartFile, images: PartFile, classes: readonly string[]) {
    this.#detections = detections
    this.#images = images
    this.#classes = classes
  }

  static async open(folder: string, classes: readonly string[]): Promise<CocoFiles> {
    await using opened = new AsyncDisposableStack()
    const detections = opened.use(await PartFile.open(join(folder, 'coco-detections.json')))
    const images = opened.use(await PartFile.open(join(folder, 'coco-images.json')))
    opened.move()
    await detections.write('[')
    await images.write('{"images":[')
    return new CocoFiles(detections, images, classes)
  }

  get paths(): readonly string[] {
    return [this.#detections.path, this.#images.path]
  }

  async add(line: FoundLine): Promise<void> {
    const id = ++this.#imageCount
    const { width, height } = line
    const image = { id, ...nameOf(line), width, height }
    await this.#images.write(`${id === 1 ? '' : ','}\n${JSON.stringify(image)}`)
    for (const { class: classIndex, score, box } of line.objects) {
      const [left, top, w, h] = box
      const bbox = [left * width, top * height, w * width, h * height].map(hundredths)
      const detection = { image_id: id, category_id: classIndex + 1, bbox, score }
      const comma = ++this.#detectionCount === 1 ? '' : ','
      await this.#detections.write(`${comma}\n${JSON.stringify(detection)}`)
    }
  }

  async place(): Promise<void> {
    await this.#detections.write('\n]\n')
    const categories = this.#classes.map((name, index) => ({ id: index + 1, name }))
    await this.#images.write(`\n],"categories":${JSON.stringify(categories)}}\n`)
    // The one that refers to the other comes last.
    await this.#images.place()
    await this.#detections.place()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#detections[Symbol.asyncDispose]()
    await this.#images[Symbol.asyncDispose]()
  }
}

function nameOf(line: PictureLine | FrameLine | StreamLine) {
  if (!('frame' in line)) return { file_name: line.file }
  const { frame } = line
  return 'file' in line ? { file_name: line.file, frame } : { file_name: `frame-${frame}`, frame }
}

function hundredths(pixels: number): number {
  return Math.round(pixels * 100) / 100
}
