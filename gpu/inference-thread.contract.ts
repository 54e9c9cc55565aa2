import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sleep, systemClock } from '#std/clock.ts'
import { fakeBoot, fakeExitCode, fakeOrders } from './fake-model.fixture.ts'
import type { FromWorker, RanMessage, ReadyMessage } from './inference-messages.ts'
import type { InferenceThread, StartInferenceThread } from './inference-thread.ts'
import { codedPicture } from './luma-code.fixture.ts'
import { yuv420pBytes } from './yuv420p.ts'

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
      const size = { width: 2, height: 2 }
      first.set(codedPicture(size, [0, 7], 64), 100)
      first.set(codedPicture(size, [0, 8], 128), 200)
      second.set(codedPicture(size, [0, 9], 192), 0)
      const shape = { kind: 'run', ...size } as const
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
      first.set(codedPicture(size, [0, 10]), 100)
      started.thread.post({ ...shape, batchId: 2, memoryIds: [1], byteOffsets: [100] })
      assert.equal((await started.answer(2)).detections[0], 10)
      assert.equal(ran.detections[12], 7, 'an answer is not written over by the next one')
      await started.leave()
    },
  )

  test(title('Large pictures come whole, also after small ones.'), async () => {
    const started = new StartedThread(start)
    const size = { width: 1920, height: 1080 }
    const memory = new SharedArrayBuffer(yuv420pBytes(size))
    const pixels = new Uint8Array(memory)
    started.thread.post({ kind: 'memory', memoryId: 5, memory })
    await started.ready()
    const run = { kind: 'run', memoryIds: [5], byteOffsets: [0] } as const
    pixels.set(codedPicture({ width: 2, height: 2 }, [0, 3]))
    started.thread.post({ ...run, batchId: 1, width: 2, height: 2 })
    assert.deepEqual([...(await started.answer(1)).detections], [3, 0.5, 0, 0, 0, 1])
    started.thread.post({ kind: 'rehearse', forMs: 0 })
    pixels.set(codedPicture(size, [0, 5], 64))
    started.thread.post({ ...run, batchId: 2, ...size })
    assert.deepEqual([...(await started.answer(2)).detections], [5, 0.5, 0, 0, 0.25, 1])
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
      const size = { width: 2, height: 2 }
      const memory = new SharedArrayBuffer(yuv420pBytes(size))
      started.thread.post({ kind: 'memory', memoryId: 1, memory })
      await started.ready()
      new Uint8Array(memory).set(codedPicture(size, [fakeOrders[order]]))
      const shape = { ...size, memoryIds: [1], byteOffsets: [0] }
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
