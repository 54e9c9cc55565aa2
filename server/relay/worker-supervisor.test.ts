import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock } from '#std/fake-clock.ts'
import { silentLog } from '#std/log.ts'
import { WorkerSupervisor, type SupervisedWorker } from './worker-supervisor.ts'

class FakeWorker implements SupervisedWorker {
  readonly pid: number
  readonly end: (reason: string) => void
  isDisposed = false
  kills = 0
  answersPings = true

  constructor(pid: number, end: (reason: string) => void) {
    this.pid = pid
    this.end = end
  }
  ping(): Promise<void> {
    return this.answersPings ? Promise.resolve() : new Promise(() => {})
  }
  kill(): void {
    this.kills++
    this.end('SIGKILL')
  }
  [Symbol.asyncDispose](): Promise<void> {
    this.isDisposed = true
    return Promise.resolve()
  }
}

async function openFake() {
  const clock = new FakeClock()
  const started: FakeWorker[] = []
  const startedAtMs: number[] = []
  const script = { failuresLeft: 0 }
  const supervisor = await WorkerSupervisor.open({
    clock,
    log: silentLog,
    start(onEnded) {
      startedAtMs.push(clock.nowMs())
      if (script.failuresLeft-- > 0) return Promise.reject(new Error('no memory'))
      const worker = new FakeWorker(100 + started.length, onEnded)
      started.push(worker)
      return Promise.resolve(worker)
    },
  })
  const latest = (): FakeWorker => {
    const worker = started.at(-1)
    assert.ok(worker !== undefined)
    return worker
  }
  return { clock, supervisor, started, startedAtMs, script, latest }
}

const isRunning = (supervisor: WorkerSupervisor<FakeWorker>): boolean => supervisor.worker !== null

test('a first worker that does not start is the caller’s to hear', async () => {
  const opening = WorkerSupervisor.open({
    clock: new FakeClock(),
    log: silentLog,
    start: () => Promise.reject(new Error('not there')),
  })
  await assert.rejects(opening, { message: 'not there' })
})

test('a worker that ends is replaced at once, and the reason told meanwhile', async () => {
  const { clock, supervisor, latest } = await openFake()
  latest().end('signal SIGKILL')
  assert.equal(supervisor.worker, null)
  assert.equal(supervisor.reason, 'the media worker ended (signal SIGKILL); a new one is starting')
  await clock.advanceAsync(0.001)
  assert.equal(isRunning(supervisor), true)
  assert.equal(latest().pid, 101)
  assert.equal(supervisor.reason, null)
  assert.equal(supervisor.restarts, 1)
})

test('starts that fail come at once, then after 250 ms, doubling to 5 s', async () => {
  const { clock, supervisor, script, startedAtMs, latest } = await openFake()
  script.failuresLeft = 8
  latest().end('gone')
  await clock.advanceAsync(0.001)
  await clock.advanceAsync(60_000, 10)
  const delays = startedAtMs.slice(1).map((at, index) => Math.round(at - (startedAtMs[index] ?? 0)))
  assert.deepEqual(delays, [0, 250, 500, 1000, 2000, 4000, 5000, 5000, 5000])
  assert.equal(supervisor.restarts, 9)
  assert.equal(supervisor.reason, null)
})

test('a worker that dies young again and again is not restarted in a loop', async () => {
  const { clock, startedAtMs, latest } = await openFake()
  for (let death = 0; death < 4; death++) {
    latest().end('crash')
    await clock.advanceAsync(3000, 10)
  }
  const first = startedAtMs[0] ?? 0
  assert.deepEqual(
    startedAtMs.map((at) => at - first),
    [0, 0, 3250, 6500, 10_000],
  )
})

test('after a sound life the next worker starts at once again', async () => {
  const { clock, startedAtMs, latest } = await openFake()
  latest().end('crash')
  await clock.advanceAsync(10_100, 100)
  latest().end('crash')
  await clock.advanceAsync(0.001)
  assert.equal(startedAtMs.length, 3)
})

test('a worker that does not answer for three ticks is killed, once', async () => {
  const { clock, supervisor, latest, started } = await openFake()
  const hung = latest()
  await clock.advanceAsync(5000, 100)
  assert.equal(hung.kills, 0, 'it answers')
  hung.answersPings = false
  await clock.advanceAsync(5000, 100)
  assert.equal(hung.kills, 1)
  assert.equal(started.length, 2)
  assert.equal(supervisor.worker, latest())
})

test('disposing ends the worker, its timers and any restart', async () => {
  const { clock, supervisor, latest, started } = await openFake()
  const worker = latest()
  await supervisor[Symbol.asyncDispose]()
  await supervisor[Symbol.asyncDispose]()
  assert.equal(worker.isDisposed, true)
  assert.equal(clock.pendingCount, 0)
  worker.end('late')
  await clock.advanceAsync(10_000, 1000)
  assert.equal(started.length, 1)
})

test('disposing while a restart waits starts nothing more', async () => {
  const { clock, supervisor, latest, script, startedAtMs } = await openFake()
  script.failuresLeft = 1
  latest().end('crash')
  await clock.advanceAsync(100, 10)
  await supervisor[Symbol.asyncDispose]()
  await clock.advanceAsync(10_000, 1000)
  assert.equal(startedAtMs.length, 2)
})

test('a worker that came up during disposal is ended too', async () => {
  const { clock, supervisor, latest, started } = await openFake()
  latest().end('crash')
  clock.advance(1)
  await supervisor[Symbol.asyncDispose]()
  assert.equal(started.length, 2)
  assert.equal(latest().isDisposed, true)
})
