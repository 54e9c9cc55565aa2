import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { fileURLToPath } from 'node:url'
import { WebSocket, WebSocketServer } from 'ws'
import { sleep, systemClock } from '#std/clock.ts'
import { silentLog } from '#std/log.ts'
import { openPublisher } from './open-publisher.ts'
import { sampleResult } from './sample-result.ts'

// The CPU time of fanning one camera out: 200 subscribers x 15 Hz x 30 boxes, ours against
// `for (c of clients) c.send(JSON.stringify(m))`, in turns in one process; the clients are another process.
//   node server/publish/fan-out.bench.ts [rounds] [cameras whose results come in one turn]

const subscribers = 200
const hz = 15
const boxes = 30
const roundMs = 3_000
const cameras = Array.from({ length: Number(process.argv[3] ?? 1) || 1 }, (_, i) => `camera-${i}`)

if (process.argv[2] === 'clients') await runClients(process.argv[3] ?? '')
else await runBench(Number(process.argv[2] ?? 3))

interface Contender {
  readonly name: string
  publish(seq: number): void
  close(): Promise<void>
}

async function runBench(rounds: number): Promise<void> {
  const contenders = [await openOurs(), await openNaive(), await openOnce()]
  const cpuMs = new Map<string, number>(contenders.map(({ name }) => [name, 0]))
  for (let round = -1; round < rounds; round++)
    for (const contender of contenders) {
      const usedMs = await measure(contender)
      // The first round warms up.
      if (round >= 0) cpuMs.set(contender.name, (cpuMs.get(contender.name) ?? 0) + usedMs)
    }
  const sends = rounds * subscribers * cameras.length * hz * (roundMs / 1_000)
  const ours = cpuMs.get('ours') ?? 1
  for (const [name, ms] of cpuMs)
    process.stdout.write(
      `${name.padEnd(16)} ${((ms * 1_000) / sends).toFixed(1).padStart(6)} us CPU a send, ` +
        `${((ms / (rounds * roundMs)) * 100).toFixed(1).padStart(5)} % of a core, ` +
        `${(ms / ours).toFixed(2)} x ours\n`,
    )
  for (const contender of contenders) await contender.close()
}

async function measure(contender: Contender): Promise<number> {
  const before = process.cpuUsage()
  const startedAtMs = systemClock.nowMs()
  for (let i = 0; i < (roundMs / 1_000) * hz; i++) {
    contender.publish(i)
    const nextAtMs = startedAtMs + ((i + 1) * 1_000) / hz
    await sleep(systemClock, nextAtMs - systemClock.nowMs())
  }
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1_000
}

async function openOurs(): Promise<Contender> {
  const publisher = openPublisher({
    clock: systemClock,
    log: silentLog,
    serverVersion: '0',
    bootId: 'bench',
    subscribersMax: subscribers,
  })
  const lanes = cameras.map((camera) => publisher.addCamera(camera))
  const server = createServer()
  server.on('upgrade', (request, socket, head) => publisher.accept(request, socket, head))
  const child = await connectClients(server)
  const result = sampleResult({ boxes })
  return {
    name: 'ours',
    publish() {
      for (const lane of lanes) lane.publish(result)
    },
    async close() {
      const { conflated, evicted } = publisher.stats()
      process.stdout.write(`ours conflated ${conflated} results and evicted ${evicted} clients\n`)
      child.kill()
      await publisher[Symbol.asyncDispose]()
      server.close()
    },
  }
}

function openNaive(): Promise<Contender> {
  return openPlain('stringify each', (clients, message) => {
    for (const client of clients) client.send(JSON.stringify(message))
  })
}

function openOnce(): Promise<Contender> {
  return openPlain('stringify once', (clients, message) => {
    const text = JSON.stringify(message)
    for (const client of clients) client.send(text)
  })
}

async function openPlain(
  name: string,
  send: (clients: Iterable<WebSocket>, message: object) => void,
): Promise<Contender> {
  const server = createServer()
  const sockets = new WebSocketServer({ server, perMessageDeflate: false })
  const child = await connectClients(server)
  const result = sampleResult({ boxes })
  return {
    name,
    publish(seq) {
      for (const camera of cameras)
        send(sockets.clients, { type: 'detections', camera, seq, ...result })
    },
    close() {
      child.kill()
      for (const client of sockets.clients) client.terminate()
      server.close()
      return Promise.resolve()
    },
  }
}

async function connectClients(server: Server): Promise<ChildProcess> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : 0
  const child = fork(fileURLToPath(import.meta.url), ['clients', `ws://127.0.0.1:${port}/`])
  await once(child, 'message')
  return child
}

/** The other process: reads and throws away. */
async function runClients(url: string): Promise<void> {
  const clients = Array.from({ length: subscribers }, () => new WebSocket(url))
  await Promise.all(
    clients.map(async (client) => {
      client.on('error', () => client.terminate())
      await once(client, 'open')
      client.send('{"type":"subscribe","cameras":["*"]}')
    }),
  )
  process.send?.('ready')
}
