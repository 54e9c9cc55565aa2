import { availableParallelism } from 'node:os'
import type { Detector } from '#gpu/detector.ts'
import { yuv420pBytes } from '#gpu/yuv420p.ts'
import { detectedObject } from '#protocol/detected-object.ts'
import { FramePool } from '#server/decode/frame-pool.ts'
import type { Clock } from '#std/clock.ts'
import { decodeVideo, slotsAhead } from './decode-video.ts'
import { DetectLanes, type Found } from './detect-lanes.ts'
import type { FrameLine, PictureLine, UnreadableLine } from './inference-line.ts'
import type { InputFile } from './inference-inputs.ts'
import { prefetch } from './prefetch.ts'
import type { VideoFacts } from './probe-video.ts'
import { uprightPicture } from './scaled-picture.ts'
import { StageError } from './stage-error.ts'

export interface InferOptions {
  readonly detector: Detector
  readonly ffmpegPath: string
  readonly clock: Clock
  readonly signal: AbortSignal
}

export interface InferVideoOptions extends InferOptions {
  readonly facts: VideoFacts
  readonly framesMax: number | null
  readonly secondsMax: number | null
  /** The file is broken; the sentence names it. */
  readonly onTrouble: (sentence: string) => void
}

/** Lanes a session: one works, one waits. On a GPU a batch works, and one waits: 32 pictures are the most. */
const lanesASession = { cpu: 2, gpu: 64 }
/** A lane that takes long must not stop the others, whose results wait for its: so many pictures a lane are under way. */
const picturesALane = 2

/** Every picture of a video file, in order. Throws StageError; `facts` as `probeVideo` says. */
export async function* inferVideo(
  { name, path }: InputFile,
  options: InferVideoOptions,
): AsyncGenerator<FrameLine> {
  const { detector, facts } = options
  const geometry = detector.inputGeometry(facts)
  const { filter, width, height } = geometry
  const frameBytes = yuv420pBytes(geometry)
  const lanes = lanesOf(detector)
  const window = lanes * picturesALane
  const pool = new FramePool(frameBytes, window + slotsAhead(frameBytes))
  using detecting = new DetectLanes({ ...options, memory: pool.memory, lanes })
  const underWay: Promise<FrameLine>[] = []
  for await (const frame of decodeVideo({ ...options, path, filter, frameBytes, pool })) {
    const { index, atMs, pixels, release } = frame
    const { byteOffset } = pixels
    const found = detecting.detect({ byteOffset, width, height, release })
    const line = found.then((each) => ({ file: name, frame: index, atMs, ...seen(facts, each) }))
    // Told when its turn comes.
    line.catch(() => {})
    underWay.push(line)
    const oldest = underWay.length < window ? undefined : underWay.shift()
    if (oldest !== undefined) yield await oldest
  }
  for (const line of underWay) yield await line
}

/** Picture files, in their order; one that cannot be read is told of in its place. */
export async function* inferPictures(
  files: readonly InputFile[],
  options: InferOptions,
): AsyncGenerator<PictureLine | UnreadableLine> {
  // A child that scales takes a core for 50 ms, longer than most models.
  const ahead = availableParallelism() + 1
  const load = (file: InputFile) => inferPicture(file, options)
  for await (const { loaded } of prefetch(files, ahead, load)) {
    options.signal.throwIfAborted()
    yield loaded
  }
}

async function inferPicture(
  { name, path }: InputFile,
  { detector, ffmpegPath, clock, signal }: InferOptions,
): Promise<PictureLine | UnreadableLine> {
  try {
    const { pixels, width, height, source } = await uprightPicture(path, {
      ffmpegPath,
      signal,
      geometryOf: (size) => detector.inputGeometry(size),
    })
    const memory = new SharedArrayBuffer(pixels.length)
    new Uint8Array(memory).set(pixels)
    using lane = new DetectLanes({ detector, memory, lanes: 1, clock })
    const found = await lane.detect({ byteOffset: 0, width, height, release: () => {} })
    return { file: name, ...seen(source, found) }
  } catch (error) {
    const isUnreadable =
      error instanceof StageError && ['input_invalid', 'input_missing'].includes(error.code)
    if (isUnreadable) return { file: name, error: error.message }
    throw error
  }
}

function seen(
  { width, height }: { readonly width: number; readonly height: number },
  { detections, model }: Found,
): Pick<PictureLine, 'width' | 'height' | 'objects'> {
  const objects = detections.map((detection) => detectedObject(detection, model.classes))
  return { width, height, objects }
}

/** How many pictures the detector should be offered at once. */
export function lanesOf(detector: Detector): number {
  const { executionProvider, sessions } = detector.status()
  return sessions.sessions * (executionProvider === 'cpu' ? lanesASession.cpu : lanesASession.gpu)
}
