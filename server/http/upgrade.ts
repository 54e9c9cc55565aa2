import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Problem } from '#protocol/api.ts'
import type { AllowedHosts } from './allowed-hosts.ts'
import { hostSentence, originSentence } from './app.ts'
import { problemOf, problemType } from './problem.ts'

export const detectionsPath = '/ws/detections'

/** Why an upgrade request is refused before anyone speaks WebSocket; null: it may go on. */
export function upgradeProblem(request: IncomingMessage, hosts: AllowedHosts): Problem | null {
  const { headers } = request
  if (!hosts.allowsHost(headers.host)) return problemOf('host_not_allowed', hostSentence)
  if (!hosts.allowsOrigin(headers.origin)) return problemOf('origin_not_allowed', originSentence)
  const path = request.url?.split('?')[0]
  if (path !== detectionsPath)
    return problemOf('not_found', `there is no WebSocket here; it is at ${detectionsPath}`)
  return null
}

/** Answers on a connection that node:http has handed over, and ends it. */
export function refuseUpgrade(socket: Duplex, problem: Problem): void {
  const body = JSON.stringify(problem)
  socket.end(
    `HTTP/1.1 ${problem.status} ${problem.title}\r\nConnection: close\r\n` +
      `Content-Type: ${problemType}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    () => socket.destroy(),
  )
}
