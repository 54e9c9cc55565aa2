import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { z } from 'zod'
import { yuv420pBytes } from '#gpu/yuv420p.ts'
import { detectedObjectSchema } from '#protocol/messages.ts'
import { FramePool } from '#server/decode/frame-pool.ts'
import { BoxPainter } from './box-painter.ts'
import { decodeVideo, slotsAhead } from './decode-video.ts'
import { Mp4Encoder } from './mp4-encoder.ts'
import type { VideoFacts } from './probe-video.ts'

export interface BurnVideoOptions {
  readonly path: string
  readonly facts: VideoFacts
  /** A `FrameLine` for each picture of the video, in order. */
  readonly linesPath: string
  /** The MP4. */
  readonly outPath: string
  readonly ffmpegPath: string
  readonly framesMax: number | null
  readonly secondsMax: number | null
  readonly signal: AbortSignal
  readonly onFrame: (atMs: number) => void
}

const lineSchema = z.object({ frame: z.int(), objects: z.array(detectedObjectSchema) })

/**
 * The video once more, in its own size, boxes drawn on it: decoded and encoded by FFmpeg, painted between the two, three
 * pictures in memory however long it is. The sound is left out.
 */
export async function burnVideo(options: BurnVideoOptions): Promise<void> {
  const { facts, outPath, ffmpegPath } = options
  const size = { width: evenAbove(facts.width), height: evenAbove(facts.height) }
  const frameBytes = yuv420pBytes(size)
  // An odd side gets a line of black: chroma samples span two pixels.
  const filter = `pad=${size.width}:${size.height}`
  const pool = new FramePool(frameBytes, 1 + slotsAhead(frameBytes))
  const painter = new BoxPainter(size)
  await using encoder = await Mp4Encoder.open({ ...size, path: outPath, ffmpegPath })
  await using lines = readObjects(options.linesPath)
  const decoding = { ...options, filter, frameBytes, pool, onTrouble: () => {} }
  for await (const { index, atMs, pixels, release } of decodeVideo(decoding)) {
    try {
      const line = await lines.next()
      // A video that is cut off where it is broken may give another last picture the second time.
      if (line.done === true || line.value.frame !== index) break
      const scale = { x: facts.width / size.width, y: facts.height / size.height }
      await painter.paint(
        pixels,
        line.value.objects.map((object) => scaled(object, scale)),
      )
      await encoder.add(pixels, atMs)
      options.onFrame(atMs)
    } finally {
      release()
    }
  }
  await encoder.place()
}

type Line = z.infer<typeof lineSchema>
type ReadObject = Line['objects'][number]

async function* readObjects(path: string): AsyncGenerator<Line> {
  for await (const line of createInterface({ input: createReadStream(path) }))
    yield lineSchema.parse(JSON.parse(line))
}

function scaled(
  object: ReadObject,
  { x, y }: { readonly x: number; readonly y: number },
): ReadObject {
  const [left, top, width, height] = object.box
  return { ...object, box: [left * x, top * y, width * x, height * y] }
}

function evenAbove(side: number): number {
  return side + (side % 2)
}
