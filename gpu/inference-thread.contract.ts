import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sleep, systemClock } from '#std/clock.ts'
import { fakeBoot, fakeExitCode, fakeOrders } from './fake-model.fixture.ts'
import type { FromWorker, RanMessage, ReadyMessage } from './inference-messages.ts'
import type { InferenceThread, StartInferenceThread } from './inference-thread.ts'

const limitMs = 20_000

/** A thread or process with the fake model, and what it says. */
export class StartedThread {
  readonly thread: InferenceThread
  readonly said: FromWorker[] = []
  readonly errors: unknown[] = []
  exitCode: number | null = null

  constructor(start: StartInferenceThread) {
    this.thread = start(fakeBoot, {
      onMessage: (message) => this.said.push(message),
      onError: (error) => this.errors.push(error),
      onExit: (code) => {
        assert.equal(this.exitCode, null, 'it exits once')
        this.exitCode = code
      },
    })
  }

  async until(condition: () => boolean): Promise<void> {
    const endAtMs = systemClock.nowMs() + limitMs
    while (!condition()) {
      assert.ok(systemClock.nowMs() < endAtMs, `said ${JSON.stringify(this.said)}`)
      await sleep(systemClock, 2)
    }
  }

  async ready(): Promise<ReadyMessage> {
    await this.until(() => this.said.some(({ kind }) => kind === 'ready'))
    const ready = this.said.find((message) => message.kind === 'ready')
    assert.ok(ready)
    return ready
  }

  async answer(batchId: number): Promise<RanMessage> {
    const find = () =>
      this.said.find((message) => message.kind === 'ran' && message.batchId === batchId)
    await this.until(() => find() !== undefined)
    const ran = find()
    assert.ok(ran?.kind === 'ran')
    return ran
  }

  async leave(): Promise<void> {
    this.thread.post({ kind: 'leave' })
    await this.until(() => this.exitCode !== null)
  }
}

/** What a session counts on, whatever its worker lives in. `start`: of the fake model. */
export function inferenceThreadContract(name: string, start: StartInferenceThread): void {
  const title = (sentence: string): string => `${name}: ${sentence}`

  test(title('It gets its boot, says that it is ready, and leaves when told.'), async () => {
    const started = new StartedThread(start)
    const { card, batchMax, notes, calibration } = await started.ready()
    assert.deepEqual(JSON.parse(notes[0] ?? ''), fakeBoot)
    assert.equal(card.name, 'yolox-nano')
    assert.equal(batchMax, 4)
    assert.deepEqual(
      calibration.samples.map(({ batchSize }) => batchSize),
      [1, 1, 1, 2, 2, 2, 4, 4, 4],
    )
    await started.leave()
    assert.equal(started.exitCode, 0)
    assert.deepEqual(started.errors, [])
  })

  test(title('Told to leave before it is ready, it leaves.'), async () => {
    const started = new StartedThread(start)
    await started.leave()
    assert.equal(started.exitCode, 0)
  })

  test(
    title('Frames are seen as they lie in their memories when the batch is posted.'),
    async () => {
      const started = new StartedThread(start)
      const memories = [1, 2].map((memoryId) => {
        const memory = new SharedArrayBuffer(1_000)
        started.thread.post({ kind: 'memory', memoryId, memory })
        return new Uint8Array(memory)
      })
      await started.ready()
      const [first, second] = memories
      assert.ok(first && second)
      first.set([0, 7, 0, 0, 0, 64], 100)
      first.set([0, 8, 0, 0, 0, 128], 200)
      second.set([0, 9, 0, 0, 0, 192], 0)
      const shape = { kind: 'run', width: 2, height: 1 } as const
      started.thread.post({
        ...shape,
        batchId: 1,
        memoryIds: [2, 1, 1],
        byteOffsets: [0, 200, 100],
      })
      const ran = await started.answer(1)
      assert.deepEqual(ran.counts, [1, 1, 1])
      assert.deepEqual(
        [...ran.detections],
        [
          [9, 0.5, 0, 0, 0.75, 1],
          [8, 0.5, 0, 0, 0.5, 1],
          [7, 0.5, 0, 0, 0.25, 1],
        ].flat(),
      )
      assert.ok(Math.abs(ran.inferredAtMs - systemClock.nowMs()) < limitMs, 'one clock')
      first[101] = 10
      started.thread.post({ ...shape, batchId: 2, memoryIds: [1], byteOffsets: [100] })
      assert.equal((await started.answer(2)).detections[0], 10)
      assert.equal(ran.detections[12], 7, 'an answer is not written over by the next one')
      await started.leave()
    },
  )

  test(title('Large pictures come whole, also after small ones.'), async () => {
    const started = new StartedThread(start)
    const [width, height] = [1920, 1080]
    const memory = new SharedArrayBuffer(width * height * 3)
    const pixels = new Uint8Array(memory)
    started.thread.post({ kind: 'memory', memoryId: 5, memory })
    await started.ready()
    const run = { kind: 'run', memoryIds: [5], byteOffsets: [0] } as const
    pixels[1] = 3
    pixels[pixels.length - 1] = 64
    started.thread.post({ ...run, batchId: 1, width: 1, height: 1 })
    started.thread.post({ kind: 'rehearse', forMs: 0 })
    started.thread.post({ ...run, batchId: 2, width, height })
    assert.deepEqual([...(await started.answer(1)).detections], [3, 0.5, 0, 0, 0, 1])
    assert.deepEqual([...(await started.answer(2)).detections], [3, 0.5, 0, 0, 0.25, 1])
    assert.equal(started.said.filter(({ kind }) => kind === 'rehearsed').length, 1)
    await started.leave()
  })

  const ends = [
    { order: 'exit', code: fakeExitCode, isTold: false },
    { order: 'throwUncaught', code: 1, isTold: true },
  ] as const
  for (const { order, code, isTold } of ends)
    test(title(`One that runs into ${order} exits with code ${code}.`), async () => {
      const started = new StartedThread(start)
      const memory = new SharedArrayBuffer(6)
      started.thread.post({ kind: 'memory', memoryId: 1, memory })
      await started.ready()
      new Uint8Array(memory)[0] = fakeOrders[order]
      const shape = { width: 2, height: 1, memoryIds: [1], byteOffsets: [0] }
      started.thread.post({ kind: 'run', batchId: 1, ...shape })
      await started.until(() => started.exitCode !== null)
      assert.equal(started.exitCode, code)
      const reasons = [...started.errors, ...started.said.filter(({ kind }) => kind === 'broken')]
      assert.equal(reasons.length > 0, isTold)
      // Nobody is there any more: nothing happens.
      started.thread.post({ kind: 'leave' })
      started.thread.abandon()
    })
}
