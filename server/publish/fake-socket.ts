import type { ServerMessage } from '#protocol/messages.ts'
import { serverMessageSchema } from '#protocol/messages.ts'
import { assert } from '#std/assert.ts'
import type { ClientSocket } from './client-socket.ts'

/** For tests: keeps what is written, in the writes it leaves in, and answers pings when told to. */
export class FakeSocket implements ClientSocket {
  isOpen = true
  /** What the kernel has not taken, set by the test. */
  bufferedBytes = 0
  /** Message texts, one list for each write to the kernel. */
  readonly writes: ServerMessage[][] = []
  readonly pingIds: number[] = []
  closedWith: number | null = null
  isTerminated = false
  /** Of text messages, with their headers. */
  bytes = 0

  write(frames: readonly Buffer[]): void {
    assert(this.isOpen, 'nothing is written after a close')
    const messages = frames.flatMap((frame) => this.#read(frame) ?? [])
    if (messages.length > 0) this.writes.push(messages)
  }

  close(code: number): void {
    this.isOpen = false
    this.closedWith = code
  }

  terminate(): void {
    this.isTerminated = true
  }

  get messages(): ServerMessage[] {
    return this.writes.flat()
  }

  /** What was written since the last call. */
  take(): ServerMessage[] {
    return this.writes.splice(0).flat()
  }

  /** `detections 5`, `gap 2-4 conflated`: short enough to compare. */
  takeShort(): string[] {
    return this.take().map((message) => shortOf(message))
  }

  #read(frame: Buffer): ServerMessage | null {
    if (frame[0] === 0x89) {
      this.pingIds.push(frame.readUInt32BE(2))
      return null
    }
    this.bytes += frame.length
    return messageOf(frame)
  }
}

/** The text of a frame by RFC 6455 section 5.2. */
export function textOf(frame: Buffer): string {
  assert(frame[0] === 0x81, 'a whole, unmasked text message')
  const short = frame[1] ?? 0
  if (short < 126) return exactly(frame, 2, short)
  if (short === 126) return exactly(frame, 4, frame.readUInt16BE(2))
  return exactly(frame, 10, Number(frame.readBigUInt64BE(2)))
}

export function shortOf(message: ServerMessage): string {
  if (message.type === 'detections') return `${message.camera} ${message.seq}`
  if (message.type === 'camera') return `${message.camera} ${message.state}`
  if (message.type === 'error') return `error ${message.code}`
  if (message.type !== 'gap') return message.type
  return `gap ${message.camera} ${message.from}-${message.to ?? '?'} ${message.reason}`
}

function messageOf(frame: Buffer): ServerMessage {
  return serverMessageSchema.parse(JSON.parse(textOf(frame)))
}

function exactly(frame: Buffer, from: number, length: number): string {
  assert(frame.length === from + length, 'the header says the length')
  return frame.toString('utf8', from)
}
