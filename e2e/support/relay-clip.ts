import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { nalType, nalTypeOf, type AccessUnit } from '#server/rtsp/access-unit.ts'
import { annexBUnits } from '#server/rtsp/annex-b.ts'

/** Frames that carry their own number, encoded; `units[i]` shows i. Begins with an IDR, has no B-frames. */
export interface RelayClip {
  readonly units: readonly AccessUnit[]
  readonly fps: number
}

/** Height of the strip at the top: 16 cells, most significant bit first, light for 1 (`readCounter` in whep-page.ts). */
const stripHeight = 48

/** Encodes moving bars with a frame counter, as a camera would: no B-frames, a key frame each second. */
export async function makeRelayClip(options: {
  readonly profile: 'baseline' | 'main' | 'high'
  readonly width: number
  readonly height: number
  readonly fps: number
  readonly frames: number
  readonly kbitPerSecond: number
}): Promise<RelayClip> {
  const { width, height, fps, frames, kbitPerSecond } = options
  const strip =
    `color=black:s=16x2:r=${fps},format=gray,` +
    `geq=lum='if(mod(floor(N/pow(2,15-X)),2),235,16)',scale=${width}:${stripHeight}:flags=neighbor`
  // No argument holds a space, so a list of words is one.
  const words =
    `-v error -f lavfi -i testsrc2=s=${width}x${height}:r=${fps} -f lavfi -i ${strip} ` +
    `-filter_complex [0][1]overlay=shortest=1 -frames:v ${frames} -pix_fmt yuv420p -c:v libx264 ` +
    `-profile:v ${options.profile} -preset veryfast -tune zerolatency -bf 0 ` +
    `-b:v ${kbitPerSecond}k -maxrate ${kbitPerSecond}k -bufsize ${kbitPerSecond}k ` +
    `-x264-params keyint=${fps}:min-keyint=${fps}:scenecut=0:sliced-threads=0:aud=1 -f h264 pipe:1`
  const { stdout } = await promisify(execFile)('ffmpeg', words.split(' '), {
    encoding: 'buffer',
    maxBuffer: 256 * 1024 * 1024,
  })
  return { units: accessUnitsOf(stdout), fps }
}

function accessUnitsOf(annexB: Buffer): AccessUnit[] {
  const units: AccessUnit[] = []
  let sps: Buffer[] = []
  let pps: Buffer[] = []
  let nals: Buffer[] = []
  for (const nal of annexBUnits(annexB)) {
    const type = nalTypeOf(nal)
    if (type === nalType.aud) flush()
    else nals.push(nal)
    if (type === nalType.sps) sps = [nal]
    if (type === nalType.pps) pps = [nal]
  }
  flush()
  return units

  function flush(): void {
    if (nals.length === 0) return
    units.push({
      codec: 'h264',
      data: Buffer.concat(nals.flatMap((nal) => [lengthOf(nal), nal])),
      rtpTimestamp: 0,
      isKey: nals.some((nal) => nalTypeOf(nal) === nalType.idr),
      isDamaged: false,
      arrivedAtMs: 0,
      parameterSets: { sps, pps },
    })
    nals = []
  }
}

function lengthOf(nal: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(nal.length)
  return length
}
