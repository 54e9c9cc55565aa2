import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { inputGeometry } from './letterbox.ts'
import type { ModelInput } from './model-card.ts'
import { packedPicture } from './yuv420p.ts'

const size = { width: 640, height: 360 }
const input: ModelInput = {
  size: { longSide: 416 },
  stride: 32,
  layout: 'nhwc',
  colourOrder: 'bgr',
  scale: 1,
  mean: [0, 0, 0],
  std: [1, 1, 1],
  fit: 'letterbox-topleft',
  padValue: 114,
}

/** One made picture, encoded with these colours and decoded again. */
async function picture(tag: string, filter: string, pixelFormat: string): Promise<Uint8Array> {
  const source = 'smptehdbars=s=640x360:d=1:r=1,format=gbrp'
  const argv = [
    '-v',
    'error',
    '-f',
    'lavfi',
    '-i',
    source,
    '-vf',
    `${tag},format=yuv420p,${filter}`,
    '-frames:v',
    '1',
  ]
  const output = ['-f', 'rawvideo', '-pix_fmt', pixelFormat, 'pipe:1']
  const options = { encoding: 'buffer', maxBuffer: 10_000_000 } as const
  return (await promisify(execFile)('ffmpeg', [...argv, ...output], options)).stdout
}

function meanDifference(a: Uint8Array, b: Uint8Array): number {
  assert.equal(a.length, b.length)
  return a.reduce((sum, value, at) => sum + Math.abs(value - (b[at] ?? 0)), 0) / a.length
}

const streams = [
  ['without a tag', 'null'],
  ['tagged BT.709', 'scale=out_color_matrix=bt709,format=yuv420p,setparams=colorspace=bt709'],
  ['of full range', 'scale=out_range=full,format=yuv420p,setparams=range=full'],
] as const
for (const [name, tag] of streams)
  test(`The pixels of a stream ${name} are those of swscale's own bgr24.`, async () => {
    const { width, height, filter, pixelFormat } = inputGeometry({ input }, size)
    const yuv = await picture(tag, filter, pixelFormat)
    const { pixels } = packedPicture(input, { pixels: yuv, width, height })
    const own = `scale=${width}:${height}:flags=bilinear:in_color_matrix=auto:in_range=auto`
    const bgr = await picture(tag, own, 'bgr24')
    // Edges of colour are a pixel wider; bars of a wrong matrix or range are 5 and more off all over.
    const difference = meanDifference(pixels, bgr)
    assert.ok(difference < 2, `${difference.toFixed(2)} levels a byte`)
  })
