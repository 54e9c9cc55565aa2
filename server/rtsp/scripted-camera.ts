import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { assert } from '#std/assert.ts'
import { requestOf, type RtspRequest } from './rtsp-message.ts'
import { RtspReader } from './rtsp-reader.ts'

/** What a camera answers; a status line without the version, then headers and a body. */
export interface ScriptedAnswer {
  readonly status?: string
  readonly headers?: readonly string[]
  readonly body?: string
}

/** Answer by method; null = it says nothing. */
export type Script = (request: RtspRequest) => ScriptedAnswer | null

/** For tests: a camera on loopback whose every answer the test writes. */
export class ScriptedCamera implements AsyncDisposable {
  readonly requests: RtspRequest[] = []
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  constructor(script: Script) {
    this.#server = createServer((socket) => {
      this.#sockets.add(socket)
      socket.setNoDelay(true)
      const reader = new RtspReader({
        onPacket: () => {},
        onMessage: (message) => {
          const request = requestOf(message)
          if (request !== null) this.#answer(socket, request, script(request))
        },
      })
      socket.on('data', (chunk) => reader.push(chunk))
      socket.on('error', () => socket.destroy())
      socket.on('close', () => this.#sockets.delete(socket))
    })
  }

  async listen(): Promise<this> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return this
  }

  get address(): string {
    const address = this.#server.address()
    assert(address !== null && typeof address === 'object', 'it listens')
    return `127.0.0.1:${address.port}`
  }

  send(bytes: Buffer | string): void {
    for (const socket of this.#sockets) socket.write(bytes)
  }

  /** The URIs asked for with `method`. */
  urisOf(method: string): string[] {
    return this.requests.filter((request) => request.method === method).map(({ uri }) => uri)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#server.listening) return
    const closed = once(this.#server, 'close')
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  #answer(socket: Socket, request: RtspRequest, answer: ScriptedAnswer | null): void {
    this.requests.push(request)
    if (answer === null) return
    const { status = '200 OK', headers = [], body = '' } = answer
    const length = body === '' ? [] : [`Content-Length: ${Buffer.byteLength(body)}`]
    const lines = [`RTSP/1.0 ${status}`, `CSeq: ${request.header('cseq')}`, ...headers, ...length]
    socket.write(`${lines.join('\r\n')}\r\n\r\n${body}`)
  }
}
