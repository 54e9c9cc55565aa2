import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, test } from 'node:test'
import { promisify } from 'node:util'
import { sleep, systemClock } from '#std/clock.ts'
import { silentLog } from '#std/log.ts'
import type { FrameOutcome } from './detector.ts'
import { type NamedFrame, offered } from './inference.fixture.ts'
import { type OpenDetectorOptions, openDetector } from './open-detector.ts'
import { modelCardSchema } from './model-card.ts'
import { codedPicture } from './luma-code.fixture.ts'

/** What set-up prepared. */
const data = resolve(process.env['SIGHTLINE_DATA'] ?? 'data')
const folder = mkdtempSync(join(tmpdir(), 'sightline-detector-'))
after(() => rmSync(folder, { recursive: true }))

const real: OpenDetectorOptions = {
  modelPath: join(data, 'models/yolox-nano.onnx'),
  cardPath: join(data, 'models/yolox-nano.json'),
  photoPath: join(data, 'self-test/parkour.jpg'),
  ffmpegPath: 'ffmpeg',
  clock: systemClock,
  log: silentLog,
}
const fake = { ...real, worker: new URL('fake-worker.fixture.ts', import.meta.url) }

async function until(condition: () => boolean): Promise<void> {
  const limitAtMs = systemClock.nowMs() + 20_000
  while (!condition()) {
    assert.ok(systemClock.nowMs() < limitAtMs, 'it did not come about within 20 s')
    await sleep(systemClock, 5)
  }
}

test('What is wrong with the files reaches the caller of the front door with its own code.', async () => {
  const altered = join(folder, 'altered.onnx')
  const bytes = readFileSync(real.modelPath)
  bytes[1_000_000] = (bytes[1_000_000] ?? 0) ^ 1
  writeFileSync(altered, bytes)
  const otherPhoto = join(folder, 'other.jpg')
  writeFileSync(otherPhoto, 'no photo')
  const cases = [
    { change: { modelPath: join(folder, 'none.onnx') }, code: 'model_missing' },
    { change: { modelPath: altered }, code: 'model_altered' },
    { change: { cardPath: altered }, code: 'card_invalid' },
    { change: { photoPath: otherPhoto }, code: 'self_test_failed' },
    { change: { ffmpegPath: join(folder, 'no-ffmpeg') }, code: 'self_test_failed' },
  ]
  for (const { change, code } of cases)
    await assert.rejects(openDetector({ ...real, ...change }), { name: 'InferenceError', code })
})

test('The photo of the self-test, offered as a frame, gives the boxes of its card.', async () => {
  await using detector = await openDetector(real)
  const card = modelCardSchema.parse(JSON.parse(readFileSync(real.cardPath, 'utf8')))
  const { picture, boxes } = card.selfTest
  const { width, height, filter, pixelFormat } = detector.inputGeometry(picture)
  const scaling = ['-i', real.photoPath, '-vf', `${picture.filter},${filter}`]
  const output = ['-frames:v', '1', '-f', 'rawvideo', '-pix_fmt', pixelFormat, 'pipe:1']
  const { stdout } = await promisify(execFile)('ffmpeg', ['-v', 'error', ...scaling, ...output], {
    encoding: 'buffer',
    maxBuffer: 10_000_000,
  })
  const memory = new SharedArrayBuffer(stdout.length + 100)
  new Uint8Array(memory).set(stdout, 100)
  const outcome = Promise.withResolvers<FrameOutcome>()
  using stream = detector.addStream<NamedFrame>({
    streamId: 'photo',
    memory,
    weight: 1,
    detectFps: 0,
    onOutcome: (_frame, result) => outcome.resolve(result),
  })
  const capturedAtMs = systemClock.nowMs()
  const deadlineAtMs = capturedAtMs + 10_000
  stream.offer({ ...offered('photo', capturedAtMs, 100), width, height, deadlineAtMs })
  const result = await outcome.promise
  if (result.kind !== 'detected') assert.fail(result.kind)
  assert.deepEqual(
    result.detections.map(({ classIndex }) => card.classes[classIndex] ?? '').toSorted(),
    boxes.map((box) => box.class).toSorted(),
  )
  const { dispatchedAtMs, inferredAtMs, postedAtMs } = result.stamps
  const instants = [capturedAtMs, dispatchedAtMs, inferredAtMs, postedAtMs]
  assert.deepEqual(
    instants,
    instants.toSorted((a, b) => a - b),
    'one clock in both threads',
  )
  assert.equal(detector.status().executionProvider, 'cpu')
  assert.equal(detector.status().model.sha256, card.prepared.sha256)
})

test('Two sessions under more frames than they can take: each frame ends once, in order of capture.', async () => {
  const counts = new Map<string, number>()
  const captures: number[][] = [[], [], [], []]
  let ended = 0
  let offeredCount = 0
  {
    await using detector = await openDetector({ ...real, sessions: 2 })
    const streams = captures.map((captured, index) =>
      detector.addStream<NamedFrame>({
        streamId: String(index),
        memory: new SharedArrayBuffer(416 * 234 * 3),
        weight: 1,
        detectFps: index === 3 ? 5 : 0,
        onOutcome: ({ capturedAtMs }, { kind }) => {
          ended++
          counts.set(kind, (counts.get(kind) ?? 0) + 1)
          if (kind === 'detected') captured.push(capturedAtMs)
        },
      }),
    )
    await until(() => {
      for (const stream of streams) {
        stream.offer(offered('frame', systemClock.nowMs()))
        offeredCount++
      }
      return captures.every(({ length }) => length >= 4)
    })
  }
  assert.equal(ended, offeredCount)
  assert.ok((counts.get('superseded') ?? 0) > 0 && (counts.get('paced') ?? 0) > 0)
  for (const captured of captures)
    assert.deepEqual(
      captured,
      captured.toSorted((a, b) => a - b),
    )
})

for (const { name, order } of [
  { name: 'throws where nobody catches', order: 1 },
  { name: 'exits', order: 2 },
])
  test(`A worker thread that ${name} is replaced, and the next frame is detected.`, async () => {
    await using detector = await openDetector(fake)
    const memory = new SharedArrayBuffer(416 * 234 * 3)
    const outcomes: string[] = []
    using stream = detector.addStream<NamedFrame>({
      streamId: 'a',
      memory,
      weight: 1,
      detectFps: 0,
      onOutcome: (_frame, outcome) =>
        outcomes.push(outcome.kind === 'failed' ? outcome.code : outcome.kind),
    })
    const size = { width: 416, height: 234 }
    new Uint8Array(memory).set(codedPicture(size, [order]))
    stream.offer(offered('a1', systemClock.nowMs()))
    await until(() => detector.status().restarts === 1 && detector.status().ready)
    new Uint8Array(memory).set(codedPicture(size, []))
    stream.offer(offered('a2', systemClock.nowMs()))
    await until(() => outcomes.length === 2)
    assert.deepEqual(outcomes, ['inference_lost', 'detected'])
  })
