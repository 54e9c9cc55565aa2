import { createSocket } from 'node:dgram'
import { createServer } from 'node:net'
import { messageOf } from '#std/coded-error.ts'
import { RelayOpenError } from './relay-open-error.ts'

/** Between two tries another program may take the port: a handful settles it. */
const triesMax = 10

/**
 * One port number that is free for UDP and TCP at `ip`: `wanted` itself, or any for 0. Rejects with RelayOpenError.
 * Asked here because the worker's own refusal is only a text.
 */
export async function chooseRtcPort(ip: string, wanted: number): Promise<number> {
  for (let left = triesMax; ; left--) {
    try {
      const port = await tryTcp(ip, wanted)
      await tryUdp(ip, port)
      return port
    } catch (error) {
      if (wanted === 0 && left > 1 && isInUse(error)) continue
      throw isInUse(error)
        ? new RelayOpenError(
            'port_in_use',
            `WebRTC needs UDP and TCP port ${wanted} on ${ip}, and another program has it`,
            { retryable: true, cause: error },
          )
        : new RelayOpenError(
            'address_unusable',
            `WebRTC cannot listen on ${ip}, port ${wanted}: ${messageOf(error)}`,
            { cause: error },
          )
    }
  }
}

function tryTcp(ip: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(port, ip, () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : port))
    })
  })
}

function tryUdp(ip: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(ip.includes(':') ? 'udp6' : 'udp4')
    socket.once('error', (error) => {
      socket.close()
      reject(error)
    })
    socket.bind(port, ip, () => socket.close(resolve))
  })
}

function isInUse(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
}
