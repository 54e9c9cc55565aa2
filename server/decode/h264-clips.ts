import { spawnSync } from 'node:child_process'
import { assert } from '#std/assert.ts'
import { type AccessUnit, nalType, nalTypeOf } from '../rtsp/access-unit.ts'

export interface H264ClipOptions {
  readonly ffmpegPath: string
  readonly profile: 'baseline' | 'main' | 'high'
  readonly width: number
  readonly height: number
  readonly count: number
  readonly keyEvery: number
  readonly bFrames?: number
}

/**
 * For tests and benches: a clip by libx264 whose pictures say which they are (luma `clipLumaOf`, on moving noise so
 * that units have the size of a camera's); null where FFmpeg has no libx264.
 */
export function encodeH264Clip(options: H264ClipOptions): AccessUnit[] | null {
  const { profile, width, height, count, keyEvery, bFrames = 0 } = options
  const luma = `lum='16+4*mod(N,50)+4*random(0)':cb=128:cr=128`
  const source = `nullsrc=s=${width}x${height}:r=30,format=yuv420p,geq=${luma}`
  const encoder = [
    `-c:v libx264 -preset veryfast -profile:v ${profile} -pix_fmt yuv420p -g ${keyEvery} -bf ${bFrames}`,
    `-threads 1 -b:v 1500k -x264-params aud=1:scenecut=0:keyint_min=${keyEvery} -f h264 pipe:1`,
  ]
  const input = ['-v', 'error', '-f', 'lavfi', '-i', source, '-frames:v', String(count)]
  const args = [...input, ...encoder.flatMap((line) => line.split(' '))]
  const result = spawnSync(options.ffmpegPath, args, { maxBuffer: 256 * 1024 * 1024 })
  if (result.stderr.includes('Unknown encoder')) return null
  assert(result.status === 0, `encoding: ${String(result.stderr)}`)
  return unitsOf(result.stdout)
}

/** Of picture `index`, within 4. */
export function clipLumaOf(index: number): number {
  return 18 + 4 * (index % 50)
}

/** Splits Annex B at access unit delimiters. */
function unitsOf(stream: Buffer): AccessUnit[] {
  const units: AccessUnit[] = []
  let nals: Buffer[] = []
  let parameterSets = { sps: [] as Buffer[], pps: [] as Buffer[] }
  const flush = (): void => {
    if (nals.length === 0) return
    const ofType = (type: number): Buffer[] => nals.filter((nal) => nalTypeOf(nal) === type)
    if (ofType(nalType.sps).length > 0)
      parameterSets = { sps: ofType(nalType.sps), pps: ofType(nalType.pps) }
    units.push({
      codec: 'h264',
      data: Buffer.concat(nals.flatMap((nal) => [length32(nal), nal])),
      rtpTimestamp: (units.length * 3000) % 2 ** 32,
      isKey: ofType(nalType.idr).length > 0,
      isDamaged: false,
      arrivedAtMs: 0,
      parameterSets,
    })
    nals = []
  }
  for (const nal of nalsOf(stream))
    if (nalTypeOf(nal) === nalType.aud) flush()
    else nals.push(nal)
  flush()
  return units
}

function* nalsOf(stream: Buffer): Generator<Buffer> {
  const startCode = Buffer.from([0, 0, 1])
  let start = stream.indexOf(startCode)
  while (start >= 0) {
    const next = stream.indexOf(startCode, start + 3)
    let end = next < 0 ? stream.length : next
    while (stream[end - 1] === 0) end--
    yield stream.subarray(start + 3, end)
    start = next
  }
}

function length32(nal: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(nal.length)
  return length
}
