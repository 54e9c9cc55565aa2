import type { DetectionsMessage } from '#protocol/messages.ts'
import type { PublishedResult } from './publisher.ts'

const labels = ['person', 'bicycle', 'car'] as const

/** For tests and benches: a result with as many boxes, as long as real ones. */
export function sampleResult(options: { readonly boxes: number }): PublishedResult {
  return {
    epoch: 1,
    rtpTimestamp: 3_735_928_559,
    cameraRtpTimestamp: 3_735_928_559,
    capturedAt: '2026-01-01T00:00:00.000Z',
    capturedBy: 'arrival',
    capturedAtServerMs: 123_456.78,
    frame: { width: 1920, height: 1080 },
    model: { name: 'yolox_nano', sha256: 'c789161e8f3e9a6e9a1c2f1b7a5d0c4e'.repeat(2) },
    timings: { receive: 0.21, decode: 2.13, queue: 1.07, infer: 9.75, post: 0.44 },
    objects: Array.from({ length: options.boxes }, (_, i) => ({
      trackId: null,
      class: i % labels.length,
      label: labels[i % labels.length] ?? 'person',
      score: Math.round(300 + ((i * 691) % 700)) / 1000,
      box: [
        ((i * 313) % 9_000) / 10_000,
        ((i * 577) % 9_000) / 10_000,
        (123 + ((i * 31) % 800)) / 10_000,
        (345 + ((i * 17) % 600)) / 10_000,
      ],
    })),
    missed: { superseded: 1, late: 0, paced: 0, damaged: 0, failed: 0 },
  }
}

export function resultMessage(options: {
  readonly camera: string
  readonly seq: number
  readonly boxes: number
}): DetectionsMessage {
  const { camera, seq, boxes } = options
  return { type: 'detections', camera, seq, ...sampleResult({ boxes }) }
}
