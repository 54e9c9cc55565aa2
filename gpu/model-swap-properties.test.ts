import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { DetectorStream } from './detector.ts'
import {
  card,
  type FakeThread,
  type NamedFrame,
  offered,
  servingDetector,
} from './inference.fixture.ts'
import { second, settled, smaller } from './model-swap.fixture.ts'

const streamCount = 3

type Step =
  | { readonly kind: 'offer'; readonly stream: number }
  | { readonly kind: 'answer'; readonly worker: number }
  | { readonly kind: 'wait'; readonly ms: number }
  /** An owner that was told to move does so once nothing of its old stream is under way. */
  | { readonly kind: 'swap'; readonly to: 'same' | 'other' }
  | { readonly kind: 'load' }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ kind: fc.constant('offer'), stream: fc.nat(streamCount - 1) }),
  },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('answer'), worker: fc.nat(3) }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('wait'), ms: fc.integer({ min: 1, max: 60 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('swap'), to: fc.constantFrom('same', 'other') }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('load') }) },
)

/** An owner of one stream, as a camera is: make before break, and never two lanes that are fed. */
class Owner {
  readonly detected: { readonly capturedAtMs: number; readonly model: string }[] = []
  readonly ended = new Map<string, string>()
  offeredCount = 0
  readonly #rig: Awaited<ReturnType<typeof servingDetector>>
  readonly #id: string
  #stream: DetectorStream<NamedFrame>
  #underWay = new Map<DetectorStream<NamedFrame>, number>()

  constructor(rig: Awaited<ReturnType<typeof servingDetector>>, id: string) {
    this.#rig = rig
    this.#id = id
    this.#stream = this.#open()
  }

  offer(capturedAtMs: number): void {
    this.#count(this.#stream, 1)
    this.#stream.offer(offered(`${this.#id}${this.offeredCount++}`, capturedAtMs))
  }

  #open(): DetectorStream<NamedFrame> {
    const stream: DetectorStream<NamedFrame> = this.#rig.detector.addStream<NamedFrame>({
      streamId: this.#id,
      memory: new SharedArrayBuffer(8),
      weight: 1,
      detectFps: 0,
      onOutcome: ({ name, capturedAtMs }, outcome) => {
        assert.ok(!this.ended.has(name), 'a frame ends once')
        this.ended.set(name, outcome.kind === 'failed' ? outcome.code : outcome.kind)
        if (outcome.kind === 'detected')
          this.detected.push({ capturedAtMs, model: outcome.model.sha256 })
        this.#count(stream, -1)
      },
      onOutdated: () => {
        this.#stream = this.#open()
        this.#leaveIfIdle(stream)
      },
    })
    return stream
  }

  #count(stream: DetectorStream<NamedFrame>, by: number): void {
    this.#underWay.set(stream, (this.#underWay.get(stream) ?? 0) + by)
    if (stream !== this.#stream) this.#leaveIfIdle(stream)
  }

  #leaveIfIdle(stream: DetectorStream<NamedFrame>): void {
    if ((this.#underWay.get(stream) ?? 0) === 0) stream[Symbol.dispose]()
  }
}

async function play(steps: readonly Step[]): Promise<void> {
  const rig = await servingDetector({ batchMax: 2 })
  const { clock, detector, threads } = rig
  const owners = ['a', 'b', 'c'].map((id) => new Owner(rig, id))
  const answered = new Map<FakeThread, number>()
  const left = new Set<FakeThread>()
  let swaps = 0
  let done = 0
  let loading: { readonly thread: FakeThread; readonly to: 'same' | 'other' } | null = null
  let isWide = true

  const answer = (thread: FakeThread): void => {
    if (thread.runs.length === (answered.get(thread) ?? 0)) return
    answered.set(thread, thread.runs.length)
    thread.answer(clock.nowMs())
  }
  const load = async (): Promise<void> => {
    if (loading === null) return
    if (loading.to === 'other') isWide = !isWide
    const base = isWide ? second : smaller
    const sha256 = String(swaps).padStart(64, '0')
    loading.thread.ready(10, 2, { ...base, prepared: { ...card.prepared, sha256 } })
    loading = null
    await settled()
  }
  const letLeave = async (): Promise<void> => {
    for (const thread of threads.all)
      if (thread.wasAskedToLeave && !left.has(thread)) {
        left.add(thread)
        thread.exit(0)
      }
    await settled()
  }
  const act: { readonly [K in Step['kind']]: (step: Extract<Step, { kind: K }>) => unknown } = {
    offer: ({ stream }) => owners[stream]?.offer(clock.nowMs()),
    answer: ({ worker }) => {
      const thread = threads.all.at(-1 - worker)
      if (thread !== undefined) answer(thread)
    },
    wait: ({ ms }) => clock.advance(ms),
    swap: ({ to }) => {
      if (detector.status().swap !== null) return
      swaps++
      void detector
        .swap({ name: 'next', modelPath: 'next.onnx', cardPath: 'next.json' })
        .then(() => done++)
      loading = { thread: threads.last, to }
    },
    load,
  }
  const perform = <K extends Step['kind']>(kind: K, of: Extract<Step, { kind: K }>): unknown =>
    act[kind](of)
  for (const each of steps) {
    await perform(each.kind, each)
    await letLeave()
  }
  await load()
  for (let round = 0; round < 20; round++) {
    for (const thread of threads.all) answer(thread)
    clock.advance(20)
    await letLeave()
  }
  assert.equal(done, swaps, 'every change came to its end')
  assert.equal(detector.status().swap, null)
  for (const { ended, detected, offeredCount } of owners) {
    assert.equal(ended.size, offeredCount, 'every frame ended')
    assert.deepEqual(
      [...ended.values()].filter((kind) => !['detected', 'superseded', 'late'].includes(kind)),
      [],
      'none of them failed',
    )
    // Frames of a new stream may overtake those of the old one: that is the camera's to sort out.
    const byModel = Map.groupBy(detected, ({ model }) => model)
    for (const results of byModel.values())
      assert.deepEqual(
        results,
        results.toSorted((a, b) => a.capturedAtMs - b.capturedAtMs),
      )
  }
  assert.equal(threads.all.length - left.size, 1, 'one worker is left')
  const disposed = detector[Symbol.asyncDispose]()
  await letLeave()
  await disposed
  assert.equal(clock.pendingCount, 0)
}

test('Whatever is offered, answered and changed in whatever order: every frame ends once and none fails.', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), (steps) => play(steps)),
    { numRuns: 150 },
  )
})
