// When a client counts as behind. Bytes alone do not show it: a kernel takes about 4 MB, minutes of results, before
// `bufferedBytes` rises. So age counts: a ping behind the data comes back only when the data before it was read.

/** A ping goes out behind the data when none is outstanding, at most this often. */
export const pingPeriodMs = 250
/** An outstanding ping older than this: the client is behind and gets conflated. */
export const pongBehindMs = 500
/** So is one with more than this not taken by its kernel. */
export const bufferedBehindBytes = 256 * 1024
/** An outstanding ping older than this: given up. */
export const pongLostMs = 10_000
/** Given up, too. */
export const bufferedLostBytes = 4 * 1024 * 1024
/** From the close frame to cutting the connection. */
export const closeGraceMs = 1_000
/** One write per this while conflating. */
export const conflatePeriodMs = 33
/** While conflating, at most this much is written beyond what a pong has confirmed. */
export const conflateCreditBytes = 64 * 1024
/** A client that was sent nothing for about this long is pinged. */
export const idlePingMs = 15_000
/**
 * State messages that wait for a client that is behind; they are never conflated, so a full lane ends the connection.
 * 256 cameras at one change a second for the 10 s after which it ends anyway.
 */
export const stateLaneMax = 2_560
