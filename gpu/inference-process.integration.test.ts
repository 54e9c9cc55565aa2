import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type Clock, sleep, systemClock } from '#std/clock.ts'
import { createLog, silentLog } from '#std/log.ts'
import { fakeOrders } from './fake-model.fixture.ts'
import { type NamedFrame, offered } from './inference.fixture.ts'
import { inferenceProcesses } from './inference-process.ts'
import { inferenceThreadContract, StartedThread } from './inference-thread.contract.ts'
import { openDetector } from './open-detector.ts'
import { codedPicture } from './luma-code.fixture.ts'

const fakeChild = new URL('fake-child.fixture.ts', import.meta.url)
const start = inferenceProcesses(fakeChild)
inferenceThreadContract('A process', start)

const data = resolve(process.env['SIGHTLINE_DATA'] ?? 'data')
const files = {
  modelPath: join(data, 'models/yolox-nano.onnx'),
  cardPath: join(data, 'models/yolox-nano.json'),
  photoPath: join(data, 'self-test/parkour.jpg'),
  ffmpegPath: 'ffmpeg',
  isolation: 'process',
  clock: systemClock,
} as const

async function until(condition: () => boolean): Promise<void> {
  const limitAtMs = systemClock.nowMs() + 20_000
  while (!condition()) {
    assert.ok(systemClock.nowMs() < limitAtMs, 'it did not come about within 20 s')
    await sleep(systemClock, 5)
  }
}

function pidOf(notes: readonly string[]): number {
  const pid = Number(/^pid (\d+)$/m.exec(notes.join('\n'))?.[1])
  assert.ok(pid > 0)
  return pid
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

for (const signal of ['SIGABRT', 'SIGSEGV', 'SIGKILL'] as const)
  test(`A process that ends by ${signal} is told with its code.`, async () => {
    const started = new StartedThread(start)
    process.kill(pidOf((await started.ready()).notes), signal)
    await started.until(() => started.exitCode !== null)
    assert.equal(started.exitCode, 128 + constants.signals[signal])
  })

test("A terminal's Ctrl-C and a service manager's SIGTERM are the server's to act on.", async () => {
  const started = new StartedThread(start)
  const pid = pidOf((await started.ready()).notes)
  process.kill(pid, 'SIGINT')
  process.kill(pid, 'SIGTERM')
  started.thread.post({ kind: 'rehearse', forMs: 0 })
  await started.until(() => started.said.some(({ kind }) => kind === 'rehearsed'))
  await started.leave()
  assert.equal(started.exitCode, 0)
})

test('One that hangs is killed when it is abandoned.', async () => {
  const started = new StartedThread(start)
  const memory = new SharedArrayBuffer(6)
  new Uint8Array(memory)[0] = fakeOrders.hang
  started.thread.post({ kind: 'memory', memoryId: 1, memory })
  await started.ready()
  const shape = { width: 2, height: 1, memoryIds: [1], byteOffsets: [0] }
  started.thread.post({ kind: 'run', batchId: 1, ...shape })
  started.thread.post({ kind: 'leave' })
  started.thread.abandon()
  await started.until(() => started.exitCode !== null)
  assert.equal(started.exitCode, 128 + constants.signals.SIGKILL)
})

test('A module that is not there is an exit like any other.', async () => {
  const missing = inferenceProcesses(new URL('none.ts', import.meta.url))
  const started = new StartedThread(missing)
  await started.until(() => started.exitCode !== null)
  assert.equal(started.exitCode, 1)
})

test('None is left when the server is killed.', async () => {
  const server = spawn(
    process.execPath,
    [fileURLToPath(new URL('orphan.fixture.ts', import.meta.url))],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const lines: string[] = []
  for await (const line of createInterface(server.stdout)) {
    lines.push(line)
    if (line.startsWith('pid ')) break
  }
  const pid = pidOf(lines)
  assert.ok(isAlive(pid))
  server.kill('SIGKILL')
  await until(() => !isAlive(pid))
})

test('A crash of one of two takes its own frame and no other; it is replaced.', async () => {
  const pids: number[] = []
  const write = (line: string): void => {
    const pid = / inference: pid (\d+)$/.exec(line)?.[1]
    if (pid !== undefined) pids.push(Number(pid))
  }
  // Those that hang are not to be found silent meanwhile.
  const clock: Clock = { ...systemClock, every: (ms, run) => systemClock.every(100 * ms, run) }
  await using detector = await openDetector({
    ...files,
    sessions: 2,
    worker: fakeChild,
    clock,
    log: createLog({ clock, level: 'debug', write }).area('inference'),
  })
  const outcomes: string[] = []
  const offerOne = (streamId: string, order: number): void => {
    const picture = codedPicture({ width: 416, height: 234 }, [order])
    const memory = new SharedArrayBuffer(picture.length)
    new Uint8Array(memory).set(picture)
    const stream = detector.addStream<NamedFrame>({
      streamId,
      memory,
      weight: 1,
      detectFps: 0,
      onOutcome: ({ name }, outcome) =>
        outcomes.push(`${name} ${outcome.kind === 'failed' ? outcome.code : outcome.kind}`),
    })
    stream.offer({ ...offered(streamId, systemClock.nowMs()), deadlineAtMs: Infinity })
  }
  offerOne('a', fakeOrders.hang)
  offerOne('b', fakeOrders.hang)
  offerOne('c', 0)
  assert.equal(pids.length, 2)
  process.kill(pids[0] ?? 0, 'SIGABRT')
  await until(() => outcomes.length === 2)
  assert.match(outcomes[0] ?? '', /^[ab] inference_lost$/)
  assert.equal(outcomes[1], 'c detected')
  assert.equal(detector.status().restarts, 1)
  process.kill(pids[1] ?? 0, 'SIGSEGV')
  await until(() => outcomes.length === 3 && detector.status().restarts === 2)
  assert.match(outcomes[2] ?? '', /^[ab] inference_lost$/)
  assert.notEqual(outcomes[0], outcomes[2])
  // Before it is disposed, so that it has whom to ask to leave.
  await until(() => pids.length === 4)
})

test('The real model finds the same in a process as in a thread.', async () => {
  const memory = new SharedArrayBuffer(416 * 234 * 3)
  new Uint8Array(memory).forEach((_, index, pixels) => {
    pixels[index] = (index * 7) % 256
  })
  const results: unknown[] = []
  for (const isolation of ['process', 'thread'] as const) {
    await using detector = await openDetector({ ...files, isolation, log: silentLog })
    const ended = Promise.withResolvers<void>()
    using stream = detector.addStream<NamedFrame>({
      streamId: 'a',
      memory,
      weight: 1,
      detectFps: 0,
      onOutcome: (_frame, outcome) => {
        results.push(outcome.kind === 'detected' ? outcome.detections : outcome)
        ended.resolve()
      },
    })
    stream.offer({ ...offered('a1', systemClock.nowMs()), deadlineAtMs: Infinity })
    await ended.promise
  }
  assert.equal(results.length, 2)
  assert.deepEqual(results[0], results[1])
})
