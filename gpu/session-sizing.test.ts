import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock } from '#std/fake-clock.ts'
import { createLog } from '#std/log.ts'
import { card, FakeThreads, openOptions } from './inference.fixture.ts'
import type { InferenceBoot } from './inference-messages.ts'
import { openDetector } from './open-detector.ts'
import type { SizedPool } from './session-sizing.ts'
import { SessionSizing, type SessionSizingOptions } from './session-sizing.ts'

/** A pool whose sessions bring what the test says; `asked` is what it was told, in order. */
function poolOf(options: {
  readonly provider?: string
  readonly runMs?: number
  /** Inferences a CPU second by number of sessions. */
  readonly throughput?: (sessions: number) => number | null
}) {
  const { provider = 'cpu', runMs = 10, throughput = (sessions) => 100 * sessions } = options
  const asked: string[] = []
  let forMs = 0
  // Once it waited for a core.
  const samples = [10 * runMs, runMs].map((ms) => ({ batchSize: 1, ms }))
  const calibration = { width: 416, height: 234, samples }
  const ready = { card, executionProvider: provider, passedOver: [], batchMax: 1 }
  const pool: SizedPool = {
    resize: (sessions) => asked.push(`resize ${sessions}`),
    opened: () => Promise.resolve({ kind: 'ready', ...ready, calibration, notes: [] }),
    rehearse: (sessions, ms) => {
      asked.push(`rehearse ${sessions}`)
      forMs += ms
      const perCpuSecond = throughput(sessions)
      return Promise.resolve(perCpuSecond === null ? null : { sessions, perCpuSecond })
    },
  }
  return { pool, asked, rehearsedMs: () => forMs }
}

function sizingOf(change: Partial<SessionSizingOptions> = {}) {
  const lines: string[] = []
  const sizing = new SessionSizing({
    devices: [0],
    sessions: 'auto',
    mayUseGpu: false,
    budget: Promise.resolve({ cores: 4, decodeCores: 0.5 }),
    log: createLog({ clock: new FakeClock(), level: 'info', write: (line) => lines.push(line) }),
    ...change,
  })
  return { sizing, lines }
}

test('On a CPU, one is started at once, the others when decoding is measured; those that pay stay.', async () => {
  const { sizing, lines } = sizingOf()
  assert.equal(sizing.initial, 1)
  const { pool, asked, rehearsedMs } = poolOf({
    throughput: (sessions) => [0, 100, 190, 0, 210][sessions] ?? 0,
  })
  const { sessions } = await sizing.settle(pool)
  assert.equal(sessions, 2)
  assert.deepEqual(asked, ['resize 4', 'rehearse 1', 'rehearse 2', 'rehearse 4', 'resize 2'])
  assert.ok(rehearsedMs() <= 300)
  assert.equal(lines.length, 1)
  assert.match(
    lines[0] ?? '',
    /sessions=2 reason="4 cores, of which decoding takes 0.5; more than 2/,
  )
})

test('What was found for the first model holds for the next: it is loaded beside one that serves.', async () => {
  const { sizing } = sizingOf()
  const first = await sizing.settle(poolOf({}).pool)
  const { pool, asked } = poolOf({})
  assert.deepEqual(await sizing.settle(pool), first)
  assert.deepEqual(asked, ['resize 4'])
})

const unmeasured = [
  { name: 'A model too slow for the time that measuring may take', of: { runMs: 60 } },
  { name: 'A pool that loses a session over it', of: { throughput: () => null } },
]
for (const { name, of } of unmeasured)
  test(`${name} keeps a session for each core that decoding leaves.`, async () => {
    const { sizing } = sizingOf()
    const { sessions, reason } = await sizing.settle(poolOf(of).pool)
    assert.equal(sessions, 4)
    assert.match(reason, /not measured/)
  })

test('Where decoding leaves no core, nothing is measured.', async () => {
  const { sizing } = sizingOf({ budget: Promise.resolve({ cores: 2, decodeCores: 3 }) })
  const { pool, asked } = poolOf({})
  assert.equal((await sizing.settle(pool)).sessions, 1)
  assert.deepEqual(asked, ['resize 1', 'resize 1'])
})

test('A model that cannot load is told before decoding is measured.', async () => {
  const { sizing } = sizingOf({ budget: new Promise(() => {}) })
  const { pool } = poolOf({})
  const refused = { ...pool, opened: () => Promise.reject(new Error('no file')) }
  await assert.rejects(sizing.settle(refused), { message: 'no file' })
})

const gpus = [
  { name: 'one GPU', devices: [0], sessions: 'auto', initial: 1 },
  { name: 'three GPUs', devices: [0, 1, 3], sessions: 'auto', initial: 3 },
  { name: 'two GPUs with two each', devices: [0, 1], sessions: 2, initial: 4 },
] as const
for (const { name, initial, ...options } of gpus)
  test(`Sessions of ${name}: ${initial}, and nothing is measured.`, async () => {
    const { sizing, lines } = sizingOf({ ...options, mayUseGpu: true })
    assert.equal(sizing.initial, initial)
    const { pool, asked } = poolOf({ provider: 'cuda' })
    assert.equal((await sizing.settle(pool)).sessions, initial)
    assert.deepEqual(asked, [])
    assert.deepEqual(lines, [])
  })

for (const { sessions, want } of [
  { sessions: 'auto', want: 4 },
  { sessions: 3, want: 3 },
] as const)
  test(`Several GPUs, of which none serves, are one CPU: ${want} sessions, and a line says so.`, async () => {
    const { sizing, lines } = sizingOf({ devices: [0, 1], mayUseGpu: true, sessions })
    const count = await sizing.settle(poolOf({}).pool)
    assert.equal(count.sessions, want)
    const warnings = lines.filter((line) => line.includes('only the CPU serves'))
    assert.equal(warnings.length, 1)
    assert.match(warnings[0] ?? '', /devices="0, 1"/)
  })

test('The sessions of a pool take turns with the GPUs; one that is lost comes back to its own.', async () => {
  const threads = new FakeThreads()
  const boots: InferenceBoot[] = []
  const opening = openDetector({
    ...openOptions(new FakeClock(), threads),
    devices: [2, 5],
    sessions: 3,
    worker: (boot, listener) => {
      boots.push(boot)
      return threads.start(boot, listener)
    },
  })
  for (const thread of threads.all) thread.ready()
  await opening
  assert.deepEqual(
    boots.map(({ deviceId }) => deviceId),
    [2, 5, 2],
  )
  threads.all[1]?.exit(1)
  assert.equal(boots.at(-1)?.deviceId, 5)
})
