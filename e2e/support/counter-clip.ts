import { execFile } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, rename } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { findFfmpeg } from '#server/decode/find-ffmpeg.ts'

const run = promisify(execFile)

/** Bits of the counter, most significant on the left. */
export const counterBits = 16
/** A block's side is this share of the picture's width: 16 blocks take the left 80 % of the top. */
export const counterBlockShare = 1 / 20

export interface CounterClipOptions {
  /** A multiple of 20. */
  readonly width: number
  readonly height: number
  readonly fps: number
  /** 300 where absent; encoding is what costs. */
  readonly frames?: number
  /** `baseline` where absent. None has B-frames. */
  readonly profile?: 'baseline' | 'main' | 'high'
  /** Seconds between key frames; 2 where absent. */
  readonly gopSeconds?: number
  /** Bits a second; 2,000,000 where absent. */
  readonly bitrate?: number
  /** FFmpeg arguments of another picture source than test bars: `['-loop', '1', '-i', photoPath]`. It is scaled to fit. */
  readonly input?: readonly string[]
  /** FFmpeg filter over that source before it is scaled, `crop=...`; `n` counts its frames. */
  readonly inputFilter?: string
}

/**
 * Makes an Annex-B H.264 clip with camera-like noise and the number of each frame burnt in as black and white blocks;
 * resolves with its path. Made once a machine and set of options.
 */
export async function makeCounterClip(options: CounterClipOptions): Promise<string> {
  const argv = encoderArguments(options)
  const name = createHash('sha256').update(JSON.stringify(argv)).digest('hex').slice(0, 16)
  const folder = join(tmpdir(), 'sightline-test-clips')
  const path = join(folder, `${name}.h264`)
  if (existsSync(path)) return path
  await mkdir(folder, { recursive: true })
  // Several test processes may want the same clip at once: each makes its own and the last rename stays.
  const unfinished = join(folder, `${name}.${randomUUID()}.part`)
  const configuredPath = process.env['SIGHTLINE_FFMPEG'] ?? null
  const ffmpeg = await findFfmpeg({ configuredPath, searchPath: process.env['PATH'] ?? '' })
  await run(ffmpeg.path, [...argv, unfinished])
  await rename(unfinished, path)
  return path
}

/**
 * The number burnt into a picture of any size; null where a block is neither clearly black nor white. It uses nothing
 * from outside its own body, so that a test can send it to a page as text.
 */
export function readCounter(picture: {
  readonly data: ArrayLike<number>
  readonly width: number
  /** 4 for RGBA, 3 for rgb24, 1 for luma. Blocks are grey, so the first byte says it all. */
  readonly bytesPerPixel: number
}): number | null {
  const blockSize = picture.width / 20
  let value = 0
  for (let block = 0; block < 16; block++) {
    const x = Math.floor((block + 0.5) * blockSize)
    const y = Math.floor(0.5 * blockSize)
    const level = picture.data[(y * picture.width + x) * picture.bytesPerPixel] ?? 128
    if (level > 90 && level < 165) return null
    value = value * 2 + (level >= 165 ? 1 : 0)
  }
  return value
}

function encoderArguments(options: CounterClipOptions): string[] {
  const { width, height, fps, frames = 300, profile = 'baseline', bitrate = 2_000_000 } = options
  const keyint = Math.round(fps * (options.gopSeconds ?? 2))
  const input = options.input ?? ['-f', 'lavfi', '-i', `testsrc2=s=${width}x${height}:r=${fps}`]
  const first = options.inputFilter === undefined ? '' : `${options.inputFilter},`
  const filter = `${first}fps=${fps},scale=${width}:${height},noise=alls=6:allf=t,format=yuv420p`
  // zerolatency alone would cut pictures into a slice a thread; cameras mostly send one.
  const x264 = `keyint=${keyint}:min-keyint=${keyint}:scenecut=0:sliced-threads=0`
  return [
    ['-v', 'error', '-y'],
    input,
    ['-an', '-vf', `${filter},${counterFilter(width)}`, '-frames:v', String(frames)],
    ['-c:v', 'libx264', '-preset', 'veryfast', '-tune', 'zerolatency'],
    ['-profile:v', profile, '-bf', '0', '-threads', '2', '-x264-params', x264],
    ['-b:v', String(bitrate), '-maxrate', String(bitrate), '-bufsize', String(bitrate)],
    ['-f', 'h264'],
  ].flat()
}

/** A black strip, then a white block for each bit that is set in the frame's number `n`. */
function counterFilter(width: number): string {
  const size = Math.round(width * counterBlockShare)
  const box = (x: number, boxWidth: number, color: string): string =>
    `drawbox=x=${x}:y=0:w=${boxWidth}:h=${size}:color=${color}:t=fill`
  const bits = Array.from({ length: counterBits }, (_, block) => {
    const weight = 2 ** (counterBits - 1 - block)
    const isSet = `gte(mod(n\\,${weight * 2})\\,${weight})`
    return `${box(block * size, size, 'white')}:enable=${isSet}`
  })
  return [box(0, size * counterBits, 'black'), ...bits].join(',')
}
