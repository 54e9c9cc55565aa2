import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import type { Detection } from '#gpu/detection.ts'
import { detectionsSchema } from '#protocol/messages.ts'
import type { PublishedResult } from '../publish/publisher.ts'
import { resultOf, stampsOf } from './result.ts'

/** Instants, in the order a frame passes them. */
const instants = {
  capturedAtMs: 1000.001,
  arrivedAtMs: 1004.1249,
  decodedAtMs: 1007.5,
  dispatchedAtMs: 1007.5,
  inferredAtMs: 1019.999,
  postedAtMs: 1020.0051,
}
const person: Detection = {
  classIndex: 0,
  score: 0.87654,
  left: 0.123456,
  top: 0.00004,
  width: 0.5,
  height: 0.99996,
}
const missed = { superseded: 1, late: 2, paced: 3, damaged: 4, failed: 5 }

function decodedAt(at: typeof instants) {
  return {
    stamped: {
      unit: {
        codec: 'h264' as const,
        data: Buffer.alloc(0),
        rtpTimestamp: 0xffff_ffff,
        isKey: true,
        isDamaged: false,
        arrivedAtMs: at.arrivedAtMs,
        parameterSets: { sps: [], pps: [] },
      },
      epoch: 3,
      rtpTimestamp: 7200,
      capturedAtMs: at.capturedAtMs,
      capturedAtWallMs: Date.UTC(2026, 0, 2, 3, 4, 5, 678) + 0.9,
      capturedBy: 'rtcp' as const,
    },
    byteOffset: 0,
    width: 416,
    height: 234,
    decodedAtMs: at.decodedAtMs,
    release: () => {},
  }
}

function outcomeAt(at: typeof instants, detections: readonly Detection[]) {
  const { dispatchedAtMs, inferredAtMs, postedAtMs } = at
  const stamps = { dispatchedAtMs, inferredAtMs, postedAtMs, batchSize: 4 }
  const model = { name: 'yolox_nano', sha256: 'ab'.repeat(32), classes: ['person', 'bicycle'] }
  return { kind: 'detected' as const, detections, stamps, model }
}

function result(detections: readonly Detection[], at = instants): PublishedResult {
  return resultOf({
    decoded: decodedAt(at),
    outcome: outcomeAt(at, detections),
    codec: { name: 'H264', profile: 'Main', width: 1920, height: 1080 },
    missed,
  })
}

test('a result names its frame by both timestamps, and gives the size of the camera’s picture', () => {
  assert.deepEqual(result([person]), {
    epoch: 3,
    rtpTimestamp: 7200,
    cameraRtpTimestamp: 0xffff_ffff,
    capturedAt: '2026-01-02T03:04:05.678Z',
    capturedBy: 'rtcp',
    capturedAtServerMs: 1000,
    frame: { width: 1920, height: 1080 },
    model: { name: 'yolox_nano', sha256: 'ab'.repeat(32) },
    timings: { receive: 4.12, decode: 3.38, queue: 0, infer: 12.5, post: 0.01 },
    objects: [{ trackId: null, class: 0, label: 'person', score: 0.877, box: [0.1235, 0, 0.5, 1] }],
    missed,
  })
})

describe('labels', () => {
  for (const [classIndex, label] of [
    [0, 'person'],
    [1, 'bicycle'],
    [2, '2'],
    [79, '79'],
  ] as const)
    test(`class ${classIndex} of a model with two classes is called ${label}`, () => {
      const [object] = result([{ ...person, classIndex }]).objects
      assert.deepEqual([object?.class, object?.label], [classIndex, label])
    })
})

test('objects keep their order; a frame without any has an empty list', () => {
  assert.deepEqual(result([]).objects, [])
  const scores = [0.9, 0.5, 0.7]
  assert.deepEqual(
    result(scores.map((score) => ({ ...person, score }))).objects.map(({ score }) => score),
    scores,
  )
})

test('whatever was measured, the result is of the protocol and its timings add up', () => {
  const share = fc.double({ min: 0, max: 1, noNaN: true })
  const detection = fc.record({
    classIndex: fc.nat(80),
    score: share,
    left: share,
    top: share,
    width: share,
    height: share,
  })
  const spans = fc.array(fc.double({ min: 0, max: 500, noNaN: true }), {
    minLength: 5,
    maxLength: 5,
  })
  fc.assert(
    fc.property(fc.array(detection, { maxLength: 5 }), spans, (detections, spansMs) => {
      const [receive = 0, decode = 0, queue = 0, infer = 0, post = 0] = spansMs
      const capturedAtMs = 5000
      const arrivedAtMs = capturedAtMs + receive
      const decodedAtMs = arrivedAtMs + decode
      const dispatchedAtMs = decodedAtMs + queue
      const inferredAtMs = dispatchedAtMs + infer
      const postedAtMs = inferredAtMs + post
      const made = result(detections, {
        capturedAtMs,
        arrivedAtMs,
        decodedAtMs,
        dispatchedAtMs,
        inferredAtMs,
        postedAtMs,
      })
      detectionsSchema.parse({ type: 'detections', camera: 'door', seq: 0, ...made })
      const sumMs = Object.values(made.timings).reduce((sum, ms) => sum + ms)
      // Each of the five is rounded to 0.01 ms.
      assert.ok(Math.abs(sumMs - (postedAtMs - capturedAtMs)) <= 0.026)
    }),
  )
})

test('the objectives get the instants as they were measured', () => {
  assert.deepEqual(stampsOf(decodedAt(instants), outcomeAt(instants, []), 1021.5), {
    ...instants,
    publishedAtMs: 1021.5,
  })
})
