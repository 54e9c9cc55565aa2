import { readFile } from 'node:fs/promises'
import { CodedError } from '#std/coded-error.ts'
import { nalType, nalTypeOf } from '../rtsp/access-unit.ts'
import { annexBUnits } from '../rtsp/annex-b.ts'

/** An H.264 clip, cut into access units of NAL units without start codes; the first one is an IDR. */
export interface Clip {
  readonly units: readonly (readonly Buffer[])[]
  readonly sps: Buffer
  readonly pps: Buffer
}

export class ClipError extends CodedError<'bad_clip'> {
  override readonly name = 'ClipError'
}

/** Reads a whole Annex-B file into memory. Throws ClipError, or what the file system says. */
export async function loadClip(path: string): Promise<Clip> {
  return parseClip(await readFile(path))
}

/** What stands before the first IDR is left out, so that the clip can be looped. */
export function parseClip(data: Buffer): Clip {
  const units = accessUnitsOf(data)
  const firstKey = units.findIndex((unit) => unit.some((nal) => nalTypeOf(nal) === nalType.idr))
  const all = units.flat()
  const sps = all.find((nal) => nalTypeOf(nal) === nalType.sps)
  const pps = all.find((nal) => nalTypeOf(nal) === nalType.pps)
  if (firstKey < 0 || sps === undefined || pps === undefined)
    throw new ClipError('bad_clip', 'the clip is not H.264 in Annex B with an IDR picture')
  return { units: units.slice(firstKey), sps, pps }
}

/** H.264 7.4.1.2.3: a unit ends where a slice with first_mb_in_slice 0 or one of AUD, SPS, PPS, SEI follows a slice. */
function accessUnitsOf(data: Buffer): Buffer[][] {
  const units: Buffer[][] = []
  let current: Buffer[] = []
  let holdsSlice = false
  for (const nal of annexBUnits(data)) {
    const type = nalTypeOf(nal)
    const isSlice = type >= nalType.slice && type <= nalType.idr
    // first_mb_in_slice is ue(v): its first bit is 1 for the value 0.
    const opens = isSlice
      ? ((nal[1] ?? 0) & 0x80) !== 0
      : type >= nalType.sei && type <= nalType.aud
    if (holdsSlice && opens) {
      units.push(current)
      current = []
      holdsSlice = false
    }
    current.push(nal)
    holdsSlice ||= isSlice
  }
  if (holdsSlice) units.push(current)
  return units
}
