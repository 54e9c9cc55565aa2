/** nal_unit_type, Table 7-1 of ITU-T H.264. */
const nonIdrSlice = 1
const idrSlice = 5

/**
 * The slices of a byte stream (ITU-T H.264, Annex B), counted by kind.
 * @param {Buffer} stream
 * @returns {{ idr: number, nonIdr: number }}
 */
export function countUnits(stream) {
  const startCode = Buffer.from([0, 0, 1])
  const counts = { idr: 0, nonIdr: 0 }
  for (let at = stream.indexOf(startCode); at !== -1; at = stream.indexOf(startCode, at + 3)) {
    const type = (stream[at + 3] ?? 0) & 0x1f
    if (type === idrSlice) counts.idr += 1
    if (type === nonIdrSlice) counts.nonIdr += 1
  }
  return counts
}
