import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { Batch } from './batch.ts'
import { Scheduler } from './scheduler.ts'
import type { Undetected } from './scheduling-policy.ts'
import type { SchedulableFrame } from './stream-slot.ts'

interface Frame extends SchedulableFrame {
  readonly stream: number
}

const streamCount = 6
const stream = fc.nat(streamCount - 1)
const eventArbitrary = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('arrive' as const),
      stream,
      ageMs: fc.nat(60),
      budgetMs: fc.integer({ min: 20, max: 400 }),
      height: fc.constantFrom(234, 312),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.nat(60) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('end' as const),
      ms: fc.integer({ min: 1, max: 80 }),
      lost: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('rate' as const),
      stream,
      detectFps: fc.constantFrom(0, 1, 5, 12.5, 30),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('return' as const), stream }) },
)
const worldArbitrary = fc.record({
  batchMax: fc.integer({ min: 1, max: 8 }),
  mode: fc.constantFrom('fresh' as const, 'efficient' as const),
  sessions: fc.integer({ min: 1, max: 3 }),
  betaMs: fc.nat(30),
  streams: fc.array(
    fc.record({
      weight: fc.constantFrom(0.5, 1, 4),
      detectFps: fc.constantFrom(0, 5, 12.5, 30),
      class: fc.constantFrom('live' as const, 'live' as const, 'live' as const, 'spare' as const),
    }),
    { minLength: streamCount, maxLength: streamCount },
  ),
  events: fc.array(eventArbitrary, { maxLength: 300 }),
})
type World = typeof worldArbitrary extends fc.Arbitrary<infer T> ? T : never
type Event = World['events'][number]

/** Drives a scheduler as the front door does, and checks after each step what must hold at any instant. */
class Driver {
  readonly #world: World
  readonly #scheduler: Scheduler<Frame>
  readonly #running: Batch<Frame>[] = []
  readonly #ended = new Map<Frame, string>()
  /** Neither ended nor dispatched. */
  readonly #waiting = new Set<Frame>()
  readonly #classes: string[]
  readonly #lastDispatchedCapture = new Map<number, number>()
  #nowMs = 1_000
  #arrived = 0

  constructor(parameters: World) {
    this.#world = parameters
    this.#classes = parameters.streams.map((options) => options.class)
    this.#scheduler = new Scheduler<Frame>({
      batchMax: parameters.batchMax,
      mode: parameters.mode,
      onUndetected: (frame: Frame, outcome: Undetected) => this.#end(frame, outcome),
    })
    for (let batchSize = 1; batchSize <= parameters.batchMax; batchSize *= 2)
      this.#scheduler.calibrate(
        { width: 416, height: 234 },
        { batchSize, ms: 8 * batchSize + parameters.betaMs },
      )
    for (const [index, options] of parameters.streams.entries())
      this.#scheduler.addStream(String(index), options)
  }

  step(event: Event): void {
    if (event.kind === 'arrive') this.#arrive(event)
    else if (event.kind === 'pass') this.#nowMs += event.ms
    else if (event.kind === 'end') this.#endBatch(event)
    else if (event.kind === 'rate')
      this.#scheduler.setDetectRate(String(event.stream), event.detectFps)
    else this.#removeAndAdd(event.stream)
    this.#pump()
    this.#checkConservation()
  }

  #arrive(event: Extract<Event, { kind: 'arrive' }>): void {
    const capturedAtMs = this.#nowMs - event.ageMs
    this.#arrived++
    const frame = {
      stream: event.stream,
      capturedAtMs,
      deadlineAtMs: capturedAtMs + event.budgetMs,
      width: 416,
      height: event.height,
    }
    this.#waiting.add(frame)
    this.#scheduler.arrive(String(event.stream), frame, this.#nowMs)
  }

  #endBatch(event: Extract<Event, { kind: 'end' }>): void {
    this.#nowMs += event.ms
    const batch = this.#running.shift()
    if (batch === undefined) return
    for (const frame of batch.frames) this.#end(frame, 'detected')
    if (event.lost) this.#scheduler.failed(batch)
    else this.#scheduler.done(batch, event.ms)
  }

  #removeAndAdd(index: number): void {
    const waiting = this.#scheduler.removeStream(String(index))
    if (waiting !== null) this.#end(waiting, 'returned')
    this.#scheduler.addStream(String(index), { weight: 1, detectFps: 0 })
    this.#classes[index] = 'live'
    // A new stream under the old id: its first batch may overlap the old one's last.
    this.#lastDispatchedCapture.delete(index)
    for (const batch of this.#running)
      for (const frame of batch.frames) if (frame.stream === index) this.#left.add(frame)
  }

  readonly #left = new Set<Frame>()

  #pump(): void {
    for (;;) {
      const decision = this.#scheduler.poll(
        this.#nowMs,
        this.#world.sessions - this.#running.length,
      )
      if (decision.kind === 'wait') {
        assert.ok(decision.atMs > this.#nowMs, 'a timer in the past')
      }
      if (decision.kind !== 'dispatch') return
      this.#checkBatch(decision.batch)
      this.#running.push(decision.batch)
    }
  }

  /** Nothing live could run: what waits has a frame of its stream in flight. */
  #checkSpare(batch: Batch<Frame>): void {
    for (const frame of batch.frames)
      assert.equal(this.#classes[frame.stream] === 'spare', batch.isSpare, 'classes do not mix')
    if (!batch.isSpare) return
    for (const { stream: waits } of this.#waiting) {
      if (this.#classes[waits] === 'spare') continue
      const held = this.#running.some(({ frames }) => frames.some((one) => one.stream === waits))
      assert.ok(held, 'a spare frame ran before a live one that was ready')
    }
  }

  #checkBatch(batch: Batch<Frame>): void {
    for (const frame of batch.frames) this.#waiting.delete(frame)
    this.#checkSpare(batch)
    assert.ok(batch.size >= 1 && batch.size <= this.#world.batchMax, 'batch size')
    const streams = new Set(batch.frames.map((frame) => frame.stream))
    assert.equal(streams.size, batch.size, 'two frames of a stream in a batch')
    assert.equal(
      new Set(batch.frames.map((frame) => frame.height)).size,
      1,
      'two shapes in a batch',
    )
    for (const frame of batch.frames) {
      const busy = this.#running.some((other) =>
        other.frames.some((held) => held.stream === frame.stream && !this.#left.has(held)),
      )
      assert.ok(!busy, 'a stream with a frame in flight was ready')
      const last = this.#lastDispatchedCapture.get(frame.stream) ?? -Infinity
      assert.ok(frame.capturedAtMs >= last, 'an older frame after a newer')
      assert.ok(frame.deadlineAtMs >= this.#nowMs, 'a frame ran past its deadline')
      this.#lastDispatchedCapture.set(frame.stream, frame.capturedAtMs)
    }
  }

  #end(frame: Frame, how: string): void {
    assert.ok(!this.#ended.has(frame), `a frame ended twice: ${this.#ended.get(frame)} and ${how}`)
    this.#ended.set(frame, how)
    this.#waiting.delete(frame)
  }

  #checkConservation(): void {
    const inFlight = this.#running.reduce((sum, batch) => sum + batch.size, 0)
    const open = this.#arrived - this.#ended.size - inFlight
    assert.ok(open >= 0 && open <= streamCount, `${open} frames wait in ${streamCount} slots`)
  }

  /** Takes every stream away: then each frame has ended or is in flight. */
  close(): void {
    while (this.#running.length > 0) this.#endBatch({ kind: 'end', ms: 1, lost: true })
    for (let index = 0; index < streamCount; index++) {
      const waiting = this.#scheduler.removeStream(String(index))
      if (waiting !== null) this.#end(waiting, 'returned')
    }
    assert.equal(this.#ended.size, this.#arrived, 'received = ended')
  }
}

test('Whatever comes: each frame ends once, one in flight a stream, never back in time, no timer in the past.', () => {
  fc.assert(
    fc.property(worldArbitrary, (parameters) => {
      const driver = new Driver(parameters)
      for (const step of parameters.events) driver.step(step)
      driver.close()
    }),
    { numRuns: 300 },
  )
})

test('A ready stream is served before others had two rounds and one more, at equal weight.', () => {
  const parameters = fc.record({
    streams: fc.integer({ min: 1, max: 24 }),
    batchMax: fc.integer({ min: 1, max: 8 }),
    stale: fc.array(fc.nat(100), { minLength: 24, maxLength: 24 }),
    renew: fc.infiniteStream(fc.boolean()),
  })
  fc.assert(
    fc.property(parameters, ({ streams, batchMax, stale, renew }) => {
      const scheduler = new Scheduler<Frame>({ batchMax, mode: 'fresh', onUndetected: () => {} })
      for (let batchSize = 1; batchSize <= batchMax; batchSize++)
        scheduler.calibrate({ width: 416, height: 234 }, { batchSize, ms: 10 + batchSize })
      for (let index = 0; index < streams; index++)
        scheduler.addStream(String(index), { weight: 1, detectFps: 0 })
      const readySince = new Map<number, number>()
      let servedFrames = 0
      for (let round = 0, nowMs = 1_000; round < 40; round++, nowMs += 12) {
        for (let index = 0; index < streams; index++) {
          // Some streams always have the freshest frame; others keep an old one, or none for a while.
          const isNew = round === 0 || renew.next().value === true
          if (!isNew) continue
          const capturedAtMs = nowMs - (stale[index] ?? 0)
          scheduler.arrive(
            String(index),
            { stream: index, capturedAtMs, deadlineAtMs: Infinity, width: 416, height: 234 },
            nowMs,
          )
          if (!readySince.has(index)) readySince.set(index, servedFrames)
        }
        const decision = scheduler.poll(nowMs, 1)
        if (decision.kind !== 'dispatch') continue
        servedFrames += decision.batch.size
        for (const { stream: served } of decision.batch.frames) {
          const passedOver = servedFrames - (readySince.get(served) ?? 0)
          assert.ok(
            passedOver <= 3 * streams + 2 * batchMax,
            `${passedOver} frames of others, ${streams} streams`,
          )
          readySince.delete(served)
        }
        scheduler.done(decision.batch, 10 + decision.batch.size)
      }
    }),
    { numRuns: 200 },
  )
})
