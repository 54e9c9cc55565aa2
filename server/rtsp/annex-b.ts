const startCode = Buffer.from([0, 0, 1])

/**
 * Views of the NAL units of a byte stream (H.264 annex B): three bytes start one, zero bytes before a start code
 * belong to nobody. Bytes before the first start code are no NAL unit.
 */
export function* annexBUnits(data: Buffer): Generator<Buffer> {
  let start = data.indexOf(startCode)
  while (start >= 0) {
    const from = start + startCode.length
    const next = data.indexOf(startCode, from)
    let end = next < 0 ? data.length : next
    // A NAL unit never ends with a zero byte (7.4.1): those are trailing_zero_8bits.
    while (end > from && data[end - 1] === 0) end--
    if (end > from) yield data.subarray(from, end)
    start = next
  }
}
