import type { DetectionsMessage } from '#protocol/messages.ts'

/** For tests: a result with `boxes` of one class, captured at `capturedAtServerMs` and sent as the n-th. */
export function fakeDetections(
  rtpTimestamp: number,
  more: Partial<DetectionsMessage> & { readonly boxes?: number; readonly label?: string } = {},
): DetectionsMessage {
  const { boxes = 1, label = 'person', ...message } = more
  return {
    type: 'detections',
    camera: 'gate',
    epoch: 1,
    seq: 1,
    rtpTimestamp,
    cameraRtpTimestamp: rtpTimestamp,
    capturedAt: '2026-01-01T00:00:00.000Z',
    capturedBy: 'arrival',
    capturedAtServerMs: rtpTimestamp / 90,
    frame: { width: 640, height: 360 },
    model: { name: 'yolox-nano', sha256: '0' },
    timings: { receive: 1, decode: 2, queue: 3, infer: 4, post: 5 },
    objects: Array.from({ length: boxes }, () => ({
      trackId: null,
      class: 0,
      label,
      score: 0.9,
      box: [0.1, 0.1, 0.2, 0.4],
    })),
    missed: { superseded: 0, late: 0, paced: 0, damaged: 0, failed: 0 },
    ...message,
  }
}
