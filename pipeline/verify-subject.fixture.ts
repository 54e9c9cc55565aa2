import type { InspectableModel, PixelBatch } from '#gpu/model.ts'
import { modelCardSchema } from '#gpu/model-card.ts'
import type { Clock } from '#std/clock.ts'
import catalogue from '../config/models/yolox-nano.json' with { type: 'json' }
import { ReferenceModel } from './reference-model.ts'
import { tinyDetector } from './tiny-detector.ts'
import { noisePair, type VerifySubject } from './verify-subject.ts'

const card = modelCardSchema.parse({
  ...catalogue,
  prepared: {
    sha256: '0'.repeat(64),
    bytes: 1,
    from: 'path',
    rawSha256: '0'.repeat(64),
    preparation: 1,
  },
})

export interface FakeModelOptions {
  readonly onRun?: () => void
  /** Numbers that leave the network, 4 a picture; the first bytes of each by default. */
  readonly rawOf?: (batch: PixelBatch) => Float32Array
  /** Boxes told of a picture, 6 numbers each; none by default. */
  readonly toldOf?: (batch: PixelBatch) => readonly Float32Array[]
}

/** A model that answers as the test has it. */
export function fakeModel(options: FakeModelOptions): InspectableModel {
  return {
    card,
    executionProvider: 'cpu',
    passedOver: [],
    async run(batch) {
      options.onRun?.()
      const { count, width, height, pixels } = batch
      if (pixels.length !== count * width * height * 3) throw new Error('another size')
      const none = Array.from({ length: count }, () => new Float32Array())
      return { detections: options.toldOf?.(batch) ?? none, inferredAtMs: 0 }
    },
    async runRaw(batch) {
      const data = options.rawOf?.(batch) ?? firstBytes(batch)
      return [{ dims: [batch.count, 4], data }]
    },
    async [Symbol.asyncDispose]() {},
  }
}

export function firstBytes({ count, width, height, pixels }: PixelBatch): Float32Array {
  const bytes = width * height * 3
  return Float32Array.from(
    Array.from({ length: count }, (_, index) => [
      ...pixels.subarray(index * bytes, index * bytes + 4),
    ]).flat(),
  )
}

/** One picture of noise, without FFmpeg. */
export function fakeSubject(parts: {
  readonly model: InspectableModel
  readonly clock: Clock
}): VerifySubject {
  const picture = noisePair({ width: 416, height: 234 }, 5, card)
  return {
    ...parts,
    paths: { modelPath: 'none.onnx', cardPath: 'none.json' },
    reference: new ReferenceModel({ raw: tinyDetector(), card, intraOpThreads: 1 }),
    precision: 'fp32',
    pictures: ['noise'],
    pairs: new Map([['noise', Promise.resolve(picture)]]),
    truth: null,
    executionProviders: ['cpu'],
    ffmpegPath: 'ffmpeg',
    signal: new AbortController().signal,
    progress: { note: () => {}, warn: () => {}, step: () => {} },
  }
}
