/** RTP timestamps of video run at 90 kHz (RFC 6184 section 5.1). */
const ticksPerMs = 90

/**
 * Milliseconds from one RTP timestamp to another, negative when `to` is the older one. The 32-bit counter wraps every
 * 13.3 hours (RFC 3550 section 5.1), so the shorter way round is taken: right for distances below 6.6 hours.
 */
export function rtpElapsedMs(from: number, to: number): number {
  return ((to - from) | 0) / ticksPerMs
}
