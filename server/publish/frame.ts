/** FIN and the opcodes of RFC 6455 section 5.2; what a server sends is never masked. */
const finText = 0x81
const finPing = 0x89

/** A whole text message as bytes for the socket, so that one buffer serves every client. */
export function textFrame(text: string): Buffer {
  const length = Buffer.byteLength(text)
  const headerLength = length < 126 ? 2 : length < 65_536 ? 4 : 10
  const frame = Buffer.allocUnsafe(headerLength + length)
  frame[0] = finText
  if (headerLength === 2) frame[1] = length
  else if (headerLength === 4) {
    frame[1] = 126
    frame.writeUInt16BE(length, 2)
  } else {
    frame[1] = 127
    frame.writeBigUInt64BE(BigInt(length), 2)
  }
  frame.write(text, headerLength)
  return frame
}

/** A ping that carries its number, which the pong brings back (RFC 6455 section 5.5.3). */
export function pingFrame(id: number): Buffer {
  const frame = Buffer.allocUnsafe(6)
  frame[0] = finPing
  frame[1] = 4
  frame.writeUInt32BE(id, 2)
  return frame
}

/** The number in a pong's payload; null for a pong that answers none of our pings. */
export function pongId(payload: Buffer): number | null {
  return payload.length === 4 ? payload.readUInt32BE(0) : null
}
