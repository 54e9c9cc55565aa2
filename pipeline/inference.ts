import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDetector } from '#gpu/open-detector.ts'
import { findFfmpeg } from '#server/decode/find-ffmpeg.ts'
import { silentLog } from '#std/log.ts'
import { annotatePicture } from './annotate-picture.ts'
import { burnVideo } from './burn-video.ts'
import { type InferOptions, inferPictures, inferVideo } from './infer-files.ts'
import { type InferenceInputs, inferenceInputs, type InputFile } from './inference-inputs.ts'
import type { InferenceLine } from './inference-line.ts'
import { InferenceOutputs } from './inference-outputs.ts'
import { type InferenceRequest, inferenceRequest } from './inference-request.ts'
import { InferenceTally } from './inference-tally.ts'
import { inferStream, type StreamCounts } from './infer-stream.ts'
import { modelPathsOf } from './model-paths.ts'
import { PartFile } from './part-file.ts'
import { probeVideo } from './probe-video.ts'
import { StageError } from './stage-error.ts'
import type { Stage, StageContext, StageOutcome } from './stage.ts'

/** Pictures, videos and cameras through the detector that serves: JSON lines, COCO, annotated pictures and videos. */
export const inferStage: Stage = {
  name: 'infer',
  summary: 'runs the serving detector over pictures, videos and streams',
  options: {
    model: {
      type: 'string',
      value: 'NAME|FILE',
      default: 'yolox-nano',
      help: 'a prepared model, or a prepared .onnx file with its card beside it',
    },
    format: {
      type: 'string',
      multiple: true,
      value: 'jsonl|coco|pictures|video',
      help: 'what is written to --out, several times if several; jsonl if none is named',
    },
    frames: { type: 'string', value: 'N', help: 'no more than so many of a video or stream' },
    seconds: { type: 'string', value: 'N', help: 'no more than so long of a video or stream' },
    sessions: {
      type: 'string',
      value: 'auto|N',
      default: 'auto',
      help: 'copies of the model at work; auto: as many as the cores carry',
    },
    providers: {
      type: 'string',
      value: 'LIST',
      default: 'cpu',
      help: 'execution providers in the order of trial, tensorrt,cuda,cpu',
    },
  },
  async run(context) {
    const request = inferenceRequest(context.arguments)
    const inputs = await inferenceInputs(request.input, request)
    refuseFormats(request, inputs)
    await using run = await InferenceRun.open(context, request)
    return await run.over(inputs)
  },
}

function refuseFormats({ formats }: InferenceRequest, inputs: InferenceInputs): void {
  const refuse = (format: string, sentence: string): void => {
    if (formats.has(format)) throw new StageError('usage', `--format ${format}: ${sentence}`)
  }
  if (inputs.kind === 'stream') {
    const advice = 'the pictures of a stream are not kept; record it and give the file'
    refuse('video', advice)
    refuse('pictures', advice)
    return
  }
  if (inputs.pictures.length === 0) refuse('pictures', 'there is no picture, only video')
  if (inputs.videos.length === 0) refuse('video', 'there is no video, only pictures')
}

/** What is open while the stage runs. */
class InferenceRun implements AsyncDisposable {
  readonly #context: StageContext
  readonly #request: InferenceRequest
  readonly #opened: AsyncDisposableStack
  readonly #outputs: InferenceOutputs
  readonly #options: InferOptions
  readonly #tally: InferenceTally
  #isAlone = false

  private constructor(parts: {
    readonly context: StageContext
    readonly request: InferenceRequest
    readonly opened: AsyncDisposableStack
    readonly outputs: InferenceOutputs
    readonly options: InferOptions
  }) {
    this.#context = parts.context
    this.#request = parts.request
    this.#opened = parts.opened
    this.#outputs = parts.outputs
    this.#options = parts.options
    this.#tally = new InferenceTally(parts.context.clock)
  }

  static async open(context: StageContext, request: InferenceRequest): Promise<InferenceRun> {
    const { dataDir, clock, signal } = context
    const paths = modelPathsOf(request.model, dataDir)
    const ffmpeg = await findFfmpeg({ ...context, configuredPath: context.ffmpegPath })
    await using opened = new AsyncDisposableStack()
    const detector = opened.use(
      await openDetector({
        ...paths,
        photoPath: join(dataDir, 'self-test', 'parkour.jpg'),
        ffmpegPath: ffmpeg.path,
        executionProviders: request.providers,
        sessions: request.sessions,
        clock,
        log: silentLog,
      }),
    )
    const { out, formats } = request
    const outputs = opened.use(
      await InferenceOutputs.open({
        classes: detector.status().model.classes,
        linesPath: out !== null && formats.has('jsonl') ? join(out, 'detections.jsonl') : null,
        cocoFolder: out !== null && formats.has('coco') ? out : null,
        print: request.prints ? context.writeLine : null,
      }),
    )
    const options = { detector, ffmpegPath: ffmpeg.path, clock, signal }
    return new InferenceRun({ context, request, opened: opened.move(), outputs, options })
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#opened.disposeAsync()
  }

  /** Interrupted, the files hold what was complete until then. */
  async over(inputs: InferenceInputs): Promise<StageOutcome> {
    const { signal, progress } = this.#context
    try {
      if (inputs.kind === 'stream') await this.#stream(inputs.url)
      else await this.#files(inputs)
    } catch (error) {
      if (signal.aborted && this.#tally.pictures > 0)
        for (const path of await this.#outputs.place()) progress.note(`written: ${path}`)
      throw error
    }
    this.#tally.throwIfNothing()
    const paths = await this.#outputs.place()
    return this.#tally.outcome(this.#options.detector.status(), {
      paths,
      prints: this.#request.prints,
    })
  }

  async #files(inputs: InferenceInputs & { readonly kind: 'files' }): Promise<void> {
    const { pictures, videos, others } = inputs
    const { progress } = this.#context
    this.#isAlone = pictures.length + videos.length === 1
    if (others > 0) progress.note(`${others} other files are left out`)
    const paths = new Map(pictures.map(({ name, path }) => [name, path]))
    let done = 0
    for await (const line of inferPictures(pictures, this.#options)) {
      await this.#add(line)
      const path = paths.get(line.file)
      if ('objects' in line && path !== undefined && this.#request.formats.has('pictures'))
        await annotatePicture(path, line, join(this.#outFolder('pictures'), jpegName(line.file)))
      progress.step('detecting', ++done, pictures.length, 'pictures')
    }
    for (const video of videos) await this.#video(video)
  }

  async #video(video: InputFile): Promise<void> {
    const { signal, progress } = this.#context
    const { framesMax, secondsMax, formats } = this.#request
    const burns = formats.has('video')
    await using temporary = new AsyncDisposableStack()
    const spool = burns ? temporary.use(await this.#spool(temporary)) : null
    try {
      const facts = await probeVideo(video.path, this.#options)
      const total = shorter(facts.durationSeconds, secondsMax)
      const limits = { ...this.#options, facts, framesMax, secondsMax }
      const onTrouble = (sentence: string): void => this.#tally.trouble(sentence, progress)
      for await (const line of inferVideo(video, { ...limits, onTrouble })) {
        await this.#add(line)
        await spool?.write(`${JSON.stringify(line)}\n`)
        progress.step(`detecting ${video.name}`, tenths(line.atMs), total, 's of video')
      }
      if (spool === null) return
      await spool.place()
      const outPath = join(this.#outFolder('videos'), mp4Name(video.name))
      const onFrame = (atMs: number): void =>
        progress.step(`drawing ${video.name}`, tenths(atMs), total, 's of video')
      await burnVideo({
        ...limits,
        signal,
        path: video.path,
        linesPath: spool.path,
        outPath,
        onFrame,
      })
      this.#tally.wrote(outPath)
    } catch (error) {
      const isUnreadable = error instanceof StageError && error.code === 'input_invalid'
      if (!isUnreadable) throw error
      await this.#add({ file: video.name, error: error.message })
    }
  }

  /** Of one video, on disk: an hour of a busy street has 100 MB of boxes. */
  async #spool(stack: AsyncDisposableStack): Promise<PartFile> {
    const folder = await mkdtemp(join(tmpdir(), 'sightline-infer-'))
    stack.defer(() => rm(folder, { recursive: true, force: true }))
    return PartFile.open(join(folder, 'lines.jsonl'))
  }

  async #stream(url: string): Promise<void> {
    const { progress } = this.#context
    const { framesMax, secondsMax } = this.#request
    const counts: StreamCounts = { detected: 0, superseded: 0, lost: 0 }
    const onNote = (sentence: string): void => progress.note(sentence)
    const options = { ...this.#options, url, framesMax, secondsMax, onNote }
    for await (const line of inferStream(options, counts)) {
      await this.#add(line)
      progress.step('detecting', line.frame + 1, framesMax, 'frames')
    }
    this.#tally.streamed(counts)
  }

  /** Throws StageError for a single file that cannot be read: there is nothing to go on with. */
  async #add(line: InferenceLine): Promise<void> {
    if ('error' in line && this.#isAlone) throw new StageError('input_invalid', line.error)
    this.#tally.add(line, this.#context.progress)
    await this.#outputs.add(line)
  }

  #outFolder(name: string): string {
    return join(this.#request.out ?? '', name)
  }
}

function mp4Name(name: string): string {
  return /\.mp4$/i.test(name) ? name : `${name}.mp4`
}

function jpegName(name: string): string {
  return /\.jpe?g$/i.test(name) ? name : `${name}.jpg`
}

function shorter(a: number | null, b: number | null): number | null {
  return a === null || b === null ? a : Math.min(a, b)
}

function tenths(ms: number): number {
  return Math.round(ms / 100) / 10
}
