import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock } from '#std/fake-clock.ts'
import {
  type FakeThread,
  FakeThreads,
  offered,
  openOptions,
  servingDetector,
} from './inference.fixture.ts'
import type { ToWorker } from './inference-messages.ts'
import { openDetector } from './open-detector.ts'
import { usableCores } from './usable-cores.ts'

const endings: readonly {
  readonly name: string
  readonly end: (thread: FakeThread) => void
  readonly sentence: RegExp
}[] = [
  {
    name: 'ends',
    end: (thread) => thread.exit(134),
    sentence: /ended with code 134/,
  },
  {
    name: 'throws',
    end: (thread) => thread.fail(new Error('bad alloc')),
    sentence: /bad alloc/,
  },
  {
    name: 'says that it is broken',
    end: (thread) => thread.say({ kind: 'broken', message: 'run failed' }),
    sentence: /run failed/,
  },
]

for (const { name, end, sentence } of endings)
  test(`A worker that ${name} takes its frames with it and is replaced; what waits is served by the new one.`, async () => {
    const { clock, threads, detector, outcomes, addStream } = await servingDetector()
    const stream = addStream('a')
    stream.offer(offered('a1', 1_000))
    stream.offer(offered('a2', 1_001))
    const [lost] = threads.all
    if (lost === undefined) assert.fail()
    end(lost)
    assert.deepEqual(outcomes, ['a1 failed inference_lost'])
    assert.equal(threads.all.length, 2)
    assert.equal(detector.status().ready, false)
    assert.match(detector.status().reason ?? '', sentence)
    assert.equal(detector.status().restarts, 1)
    assert.deepEqual(
      threads.last.posted.map(({ kind }) => kind),
      ['memory'],
    )
    clock.advance(50)
    threads.last.ready()
    assert.deepEqual(detector.status().reason, null)
    threads.last.answer()
    assert.deepEqual(outcomes.slice(1), ['a2 detected'])
    assert.ok(lost.wasAskedToLeave)
  })

test('A worker that does not answer within 2 s is lost, asked to leave, and not heard any more.', async () => {
  const { clock, threads, detector, outcomes, addStream } = await servingDetector()
  const stream = addStream('a')
  stream.offer(offered('a1', 1_000))
  clock.advance(2_000)
  assert.deepEqual(outcomes, [])
  clock.advance(600)
  assert.deepEqual(outcomes, ['a1 failed inference_lost'])
  const [lost] = threads.all
  assert.ok(lost?.wasAskedToLeave && lost.isAbandoned)
  assert.equal(detector.status().restarts, 1)
  lost?.answer()
  lost?.exit(0)
  assert.deepEqual(outcomes, ['a1 failed inference_lost'])
  assert.equal(detector.status().restarts, 1)
})

test('An answer that comes between the first suspicion and the second saves the worker.', async () => {
  const { clock, threads, detector, outcomes, addStream } = await servingDetector()
  addStream('a').offer(offered('a1', 1_000))
  clock.advance(2_300)
  threads.last.answer()
  clock.advance(10_000)
  assert.deepEqual(outcomes, ['a1 detected'])
  assert.equal(detector.status().restarts, 0)
})

test('A worker whose batches take 300 ms has 20 times as long.', async () => {
  const { clock, threads, outcomes, addStream } = await servingDetector()
  const stream = addStream('a')
  // From 10 ms to 300: the profile counts a sample four times the mean at most.
  for (let i = 0; i < 60; i++) {
    stream.offer({ ...offered('warm', clock.nowMs()), deadlineAtMs: Infinity })
    clock.advance(300)
    threads.last.answer()
  }
  outcomes.length = 0
  stream.offer({ ...offered('a1', clock.nowMs()), deadlineAtMs: Infinity })
  clock.advance(5_500)
  assert.deepEqual(outcomes, [])
  clock.advance(8_000)
  assert.deepEqual(outcomes, ['a1 failed inference_lost'])
})

test('One that serves nobody may be silent for as long as it likes.', async () => {
  const { clock, detector } = await servingDetector()
  clock.advance(600_000)
  assert.equal(detector.status().restarts, 0)
})

test('Lost five times in 60 s, it says why, fails frames at once, and tries again when the minute is over.', async () => {
  const { clock, threads, detector, outcomes, addStream } = await servingDetector()
  const stream = addStream('a')
  for (let i = 0; i < 5; i++) {
    threads.last.exit(1)
    clock.advance(1_000)
    threads.last.ready()
  }
  assert.equal(detector.status().ready, true)
  threads.last.exit(1)
  assert.equal(threads.all.length, 6)
  assert.equal(detector.status().ready, false)
  assert.equal(
    detector.status().reason,
    'the inference worker was lost too often, next try in 55 s: the inference worker ended with code 1',
  )
  stream.offer(offered('a1', clock.nowMs()))
  assert.deepEqual(outcomes, ['a1 failed inference_lost'])
  clock.advance(54_999)
  assert.equal(threads.all.length, 6)
  clock.advance(1)
  assert.equal(threads.all.length, 7)
  threads.last.ready()
  assert.equal(detector.status().ready, true)
  assert.equal(detector.status().restarts, 6)
  stream.offer(offered('a2', clock.nowMs()))
  threads.last.answer()
  assert.deepEqual(outcomes.slice(1), ['a2 detected'])
})

test('A replacement that cannot start counts as lost as well.', async () => {
  const { threads, detector } = await servingDetector()
  threads.last.exit(1)
  for (let i = 0; i < 5; i++)
    threads.last.say({ kind: 'refused', code: 'model_missing', message: 'model file is missing' })
  assert.equal(threads.all.length, 6)
  assert.match(detector.status().reason ?? '', /next try in 60 s: model file is missing/)
})

test('With two sessions, the other serves on while one is replaced.', async () => {
  const { threads, detector, outcomes, addStream } = await servingDetector({ sessions: 2 })
  const [a, b] = [addStream('a'), addStream('b')]
  a.offer(offered('a1', 1_000))
  b.offer(offered('b1', 1_000))
  const [first, second] = threads.all
  first?.exit(1)
  assert.equal(detector.status().ready, true)
  second?.answer()
  a.offer(offered('a2', 1_001))
  second?.answer()
  assert.deepEqual(outcomes, ['a1 failed inference_lost', 'b1 detected', 'a2 detected'])
})

test('Sessions of a detector are measured before it serves; one that is lost over it is replaced.', async () => {
  const clock = new FakeClock()
  const threads = new FakeThreads()
  const opening = openDetector({
    ...openOptions(clock, threads),
    sessions: 'auto',
    // As many as leave two sessions, whatever the machine.
    decodeCores: Promise.resolve(usableCores() - 2),
  })
  const told = async (count: number, kind: ToWorker['kind']) => {
    for (let turn = 0; turn < 50; turn++) {
      if (threads.all.filter(({ posted }) => posted.at(-1)?.kind === kind).length === count) return
      await new Promise((resolve) => setImmediate(resolve))
    }
    assert.fail(`${count} workers were to be told to ${kind}`)
  }
  threads.last.ready()
  while (threads.all.length < 2) await new Promise((resolve) => setImmediate(resolve))
  threads.last.ready()
  await told(1, 'rehearse')
  threads.all[0]?.say({ kind: 'rehearsed', runs: 10, cpuMs: 100 })
  await told(2, 'rehearse')
  threads.all[0]?.say({ kind: 'rehearsed', runs: 10, cpuMs: 100 })
  threads.all[1]?.exit(134)
  assert.equal(threads.all.length, 3)
  threads.last.ready()
  await using detector = await opening
  assert.equal(detector.status().sessions.sessions, 2)
  assert.match(detector.status().sessions.reason, /not measured/)
  assert.equal(detector.status().restarts, 1)
  for (const thread of threads.all) thread.exit(0)
})
