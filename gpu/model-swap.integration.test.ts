import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, test } from 'node:test'
import { makeModelVariant } from '#e2e/support/model-variant.ts'
import { sleep, systemClock } from '#std/clock.ts'
import { silentLog } from '#std/log.ts'
import type { Detector, DetectorStream } from './detector.ts'
import { type NamedFrame, offered } from './inference.fixture.ts'
import { openDetector } from './open-detector.ts'

/** What set-up prepared. */
const data = resolve(process.env['SIGHTLINE_DATA'] ?? 'data')
const folder = mkdtempSync(join(tmpdir(), 'sightline-swap-'))
after(() => rmSync(folder, { recursive: true }))
const first = {
  modelPath: join(data, 'models/yolox-nano.onnx'),
  cardPath: join(data, 'models/yolox-nano.json'),
}
const source = { width: 1920, height: 1080 }

function open() {
  return openDetector({
    ...first,
    photoPath: join(data, 'self-test/parkour.jpg'),
    ffmpegPath: 'ffmpeg',
    sessions: 2,
    clock: systemClock,
    log: silentLog,
  })
}

interface Result {
  readonly capturedAtMs: number
  readonly atMs: number
  readonly model: string
}

/** A camera without pictures: 25 grey frames a second, in the size that the model wants. */
class GreyCamera implements Disposable {
  readonly results: Result[] = []
  readonly counts = new Map<string, number>()
  offeredCount = 0
  readonly #detector: Detector
  readonly #timer = systemClock.every(40, () => this.#offer())
  #opened = 0
  /** Number of the latest stream that had a result. */
  #reached = 0
  #stream: DetectorStream<NamedFrame>
  #size: { readonly width: number; readonly height: number }

  constructor(detector: Detector) {
    this.#detector = detector
    this.#size = detector.inputGeometry(source)
    this.#stream = this.#open()
  }

  get underWay(): number {
    let ended = 0
    for (const count of this.counts.values()) ended += count
    return this.offeredCount - ended
  }

  stop(): void {
    this.#timer[Symbol.dispose]()
  }

  [Symbol.dispose](): void {
    this.stop()
    this.#stream[Symbol.dispose]()
  }

  #offer(): void {
    this.offeredCount++
    const { width, height } = this.#size
    this.#stream.offer({ ...offered('grey', systemClock.nowMs()), width, height })
  }

  #open(): DetectorStream<NamedFrame> {
    this.#size = this.#detector.inputGeometry(source)
    const number = ++this.#opened
    let underWay = 0
    let isOutdated = false
    const memory = new SharedArrayBuffer(this.#size.width * this.#size.height * 3)
    const stream = this.#detector.addStream<NamedFrame>({
      streamId: 'grey',
      memory,
      weight: 1,
      detectFps: 0,
      onOutcome: ({ capturedAtMs }, outcome) => {
        // A result that one of a later stream overtook is told to nobody, as server/camera does it.
        const isOvertaken = outcome.kind === 'detected' && number < this.#reached
        const ended = isOvertaken ? 'superseded' : outcome.kind
        const kind = outcome.kind === 'failed' ? outcome.code : ended
        this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1)
        if (outcome.kind === 'detected' && !isOvertaken) {
          this.#reached = number
          this.results.push({
            capturedAtMs,
            atMs: systemClock.nowMs(),
            model: outcome.model.name,
          })
        }
        underWay--
        if (isOutdated && underWay === 0) stream[Symbol.dispose]()
      },
      onOutdated: () => {
        isOutdated = true
        this.#stream = this.#open()
        if (underWay === 0) stream[Symbol.dispose]()
      },
    })
    return {
      offer: (frame) => {
        underWay++
        stream.offer(frame)
      },
      setDetectRate: (detectFps) => stream.setDetectRate(detectFps),
      [Symbol.dispose]: () => stream[Symbol.dispose](),
    }
  }
}

async function until(condition: () => boolean): Promise<void> {
  const limitAtMs = systemClock.nowMs() + 60_000
  while (!condition()) {
    assert.ok(systemClock.nowMs() < limitAtMs, 'it did not come about within a minute')
    await sleep(systemClock, 10)
  }
}

/** Longest time without a result of any camera, and when it began. */
function longestGap(cameras: readonly GreyCamera[]): number {
  const atMs = cameras
    .flatMap(({ results }) => results.map((result) => result.atMs))
    .toSorted((a, b) => a - b)
  return atMs.slice(1).reduce((gap, at, index) => Math.max(gap, at - (atMs[index] ?? at)), 0)
}

for (const { name, longSide, samePixels } of [
  { name: 'the same pixels', longSide: 416, samePixels: true },
  { name: 'smaller pictures', longSide: 320, samePixels: false },
])
  test(`Under load, a model that wants ${name} takes over without a frame that fails.`, async (t) => {
    const second = await makeModelVariant(
      first,
      { folder, name: `second-${longSide}` },
      (card) => ({
        input: { ...card.input, size: { longSide } },
        // Smaller pictures have other scores.
        selfTest: { ...card.selfTest, scoreTolerance: 0.4, edgeTolerance: 0.2 },
      }),
    )
    await using detector = await open()
    const cameras = Array.from({ length: 4 }, () => new GreyCamera(detector))
    const haveOf = (model: string) => () =>
      cameras.every(({ results }) => results.filter((result) => result.model === model).length > 20)
    await until(haveOf('yolox-nano'))
    const steadyGapMs = longestGap(cameras)
    const result = await detector.swap(second)
    await until(haveOf(second.name))
    for (const camera of cameras) camera.stop()
    await until(() => cameras.every(({ underWay }) => underWay === 0))

    assert.equal(result.samePixels, samePixels)
    assert.equal(detector.status().model.name, second.name)
    assert.equal(detector.status().restarts, 0)
    for (const { counts, results } of cameras) {
      const kinds = [...counts.keys()].filter(
        (kind) => !['detected', 'superseded', 'late'].includes(kind),
      )
      assert.deepEqual(kinds, [], 'no frame failed')
      const changes = results.filter(({ model }, index) => results[index - 1]?.model !== model)
      assert.deepEqual(
        changes.map(({ model }) => model),
        ['yolox-nano', second.name],
        'it changes once and never back',
      )
      const captures = results.map(({ capturedAtMs }) => capturedAtMs)
      assert.deepEqual(
        captures,
        captures.toSorted((a, b) => a - b),
      )
    }
    const frames = cameras.reduce((sum, { offeredCount }) => sum + offeredCount, 0)
    t.diagnostic(
      `${frames} frames, longest time without a result ${longestGap(cameras).toFixed(0)} ms ` +
        `(${steadyGapMs.toFixed(0)} ms before), loading ${result.loadMs.toFixed(0)} ms, switching ${result.switchMs.toFixed(0)} ms`,
    )
    for (const camera of cameras) camera[Symbol.dispose]()
  })

test('Under load, a file that is not the one of its card changes nothing.', async () => {
  const altered = await makeModelVariant(first, { folder, name: 'altered' })
  writeFileSync(altered.modelPath, 'no model')
  await using detector = await open()
  using camera = new GreyCamera(detector)
  await until(() => camera.results.length > 5)
  await assert.rejects(detector.swap(altered), { name: 'InferenceError', code: 'model_altered' })
  const count = camera.results.length
  await until(() => camera.results.length > count + 5)
  camera.stop()
  await until(() => camera.underWay === 0)
  assert.ok(camera.results.every(({ model }) => model === 'yolox-nano'))
  assert.equal(detector.status().lastSwapFailure?.code, 'model_altered')
})
