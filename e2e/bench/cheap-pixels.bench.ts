import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { inputGeometry } from '#gpu/letterbox.ts'
import { readModelCard } from '#gpu/model-files.ts'
import { packYuv420p, yuv420pBytes } from '#gpu/yuv420p.ts'
import { findFfmpeg } from '#server/decode/find-ffmpeg.ts'
import { makeCounterClip } from '../support/counter-clip.ts'

// Which pixels are cheapest, by source size: CPU of FFmpeg and of reading for every decoded frame, and of packing for
// every frame that the model sees. What wins depends on how many frames there are to a result.

const sizes = [
  { width: 640, height: 360 },
  { width: 1280, height: 720 },
  { width: 1920, height: 1080 },
]
const frames = 240
const rounds = 3
const street = resolve(import.meta.dirname, '../../data/demo/street.h264')
const ffmpeg = await findFfmpeg({ configuredPath: null, searchPath: process.env['PATH'] ?? '' })
const card = await readModelCard(resolve(import.meta.dirname, '../../data/models/yolox-nano.json'))

interface Variant {
  readonly name: string
  readonly filter: string | null
  readonly pixelFormat: string
  /** CPU-ms a result; for the native picture without the scaling that would still be to do. */
  readonly packMs: number
}

for (const size of sizes) {
  const clip = await makeCounterClip({
    ...size,
    fps: 30,
    frames,
    profile: 'main',
    bitrate: Math.round(size.width * size.height * 6.5),
    input: ['-r', '30', '-i', street],
  })
  const geometry = inputGeometry(card, size)
  const variants: readonly Variant[] = [
    {
      name: 'scaled yuv420p, packed for the model (what serves)',
      filter: geometry.filter,
      pixelFormat: 'yuv420p',
      packMs: packMsOf(geometry),
    },
    { name: 'scaled bgr24', filter: geometry.filter, pixelFormat: 'bgr24', packMs: 0.02 },
    { name: 'native yuv420p', filter: null, pixelFormat: 'yuv420p', packMs: packMsOf(size) },
  ]
  const costs = new Map<Variant, number[]>(variants.map((variant) => [variant, []]))
  // Taking turns: whatever else the machine does meets all of them.
  for (let round = 0; round < rounds; round++)
    for (const variant of variants) costs.get(variant)?.push(await cpuMsAFrame(clip, variant))
  console.log(`\n${size.width}x${size.height} -> ${geometry.width}x${geometry.height}`)
  console.log(
    '| pixels | CPU-ms a frame | CPU-ms a result | per result at 1 in 1 | 1 in 3 | 1 in 6 |',
  )
  for (const variant of variants) {
    const frameMs = Math.min(...(costs.get(variant) ?? []))
    const perResult = [1, 3, 6].map((ratio) => (ratio * frameMs + variant.packMs).toFixed(2))
    const cells = [variant.name, frameMs.toFixed(2), variant.packMs.toFixed(2), ...perResult]
    console.log(`| ${cells.join(' | ')} |`)
  }
}

/** Of FFmpeg and of this process, which reads the pixels into memory that it has. */
async function cpuMsAFrame(clip: string, { filter, pixelFormat }: Variant): Promise<number> {
  const scaling = filter === null ? [] : ['-vf', filter]
  const words =
    '-hide_banner -nostats -benchmark -flags low_delay -threads 1 -f h264 -i @ -fps_mode passthrough ' +
    `-filter_threads 1 -c:v rawvideo -threads 1 -pix_fmt ${pixelFormat} -f rawvideo`
  const argv = words.split(' ').map((word) => (word === '@' ? clip : word))
  const before = process.cpuUsage()
  const child = spawn(ffmpeg.path, [...argv, ...scaling, 'pipe:1'])
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
  child.stdout.resume()
  await once(child, 'close')
  const own = process.cpuUsage(before)
  const [, user = 'NaN', system = 'NaN'] = /utime=([\d.]+)s stime=([\d.]+)s/.exec(said) ?? []
  return ((Number(user) + Number(system)) * 1000 + (own.user + own.system) / 1000) / frames
}

function packMsOf(size: { readonly width: number; readonly height: number }): number {
  const source = new Uint8Array(yuv420pBytes(size)).map((_, index) => (index * 31) % 256)
  const target = new Uint8ClampedArray(size.width * size.height * 3)
  const pack = (): void => packYuv420p({ source, target, ...size, colourOrder: 'bgr' })
  for (let i = 0; i < 30; i++) pack()
  const before = process.cpuUsage()
  for (let i = 0; i < 100; i++) pack()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000 / 100
}
