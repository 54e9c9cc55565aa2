import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  clientMessageSchema,
  displayDelayEdgesMs,
  serverMessageSchema,
  type DetectionsMessage,
} from './messages.ts'
import { parseJson, parseValue } from './parse.ts'

const detections: DetectionsMessage = {
  type: 'detections',
  camera: 'gate-2',
  epoch: 1,
  seq: 1,
  rtpTimestamp: 0xffff_ffff,
  cameraRtpTimestamp: 0,
  capturedAt: '2026-01-01T00:00:00.000Z',
  capturedBy: 'rtcp',
  capturedAtServerMs: 12.5,
  frame: { width: 640, height: 360 },
  model: { name: 'm', sha256: 'ab' },
  timings: { receive: 0.1, decode: 2, queue: 1, infer: 10, post: 0.2 },
  objects: [{ trackId: null, class: 0, label: 'person', score: 0.5, box: [0, 0, 1, 1] }],
  missed: { superseded: 0, late: 0, paced: 0, damaged: 0, failed: 0 },
}
const camera = {
  type: 'camera',
  camera: 'a',
  state: 'live',
  code: null,
  reason: null,
  detectFps: 10,
  effectiveFps: 7,
  measuredFps: 30,
  shed: { reason: 'inference capacity' },
  codec: { name: 'H264', profile: 'High', width: 640, height: 360 },
  relay: 'passthrough',
}
const counts = displayDelayEdgesMs.map(() => 0).concat(0)
const beacon = {
  type: 'beacon',
  camera: 'a',
  exact: 1,
  interpolated: 0,
  held: 0,
  none: 2,
  displayDelayMs: counts,
}
const subscribe = { type: 'subscribe', cameras: ['*'] }

const serverTable: readonly [title: string, message: object, wrongAt: string | null][] = [
  [
    'hello',
    {
      type: 'hello',
      protocol: 1,
      server: { name: 's', version: '1', bootId: 'b' },
      heartbeatMs: 15_000,
      cameras: [],
    },
    null,
  ],
  ['detections', detections, null],
  ['detections behind maxFps', { ...detections, skipped: 3 }, null],
  ['a field of a later server', { ...detections, weather: 'fine' }, null],
  ['a negative seq', { ...detections, seq: -1 }, 'seq'],
  ['a 33 bit timestamp', { ...detections, rtpTimestamp: 2 ** 32 }, 'rtpTimestamp'],
  [
    'a box outside the picture',
    { ...detections, objects: [{ ...detections.objects[0], box: [0, 0, 1.1, 1] }] },
    'objects.0.box.2',
  ],
  ['no losses told', { ...detections, missed: undefined }, 'missed'],
  ['camera', camera, null],
  ['a camera with a code', { ...camera, state: 'refused', code: 'unauthorized' }, null],
  ['an unknown state', { ...camera, state: 'happy' }, 'state'],
  ['an unknown code', { ...camera, code: 'oops' }, 'code'],
  ['gap', { type: 'gap', camera: 'a', from: 1, to: 2, reason: 'conflated' }, null],
  [
    'a gap without an end',
    { type: 'gap', camera: 'a', from: 1, to: null, reason: 'restart' },
    null,
  ],
  [
    'a gap for another reason',
    { type: 'gap', camera: 'a', from: 1, to: 2, reason: 'lost' },
    'reason',
  ],
  ['error', { type: 'error', code: 'unsupported', message: 'm' }, null],
  ['an unknown error', { type: 'error', code: 'oops', message: 'm' }, 'code'],
  ['pong', { type: 'pong', id: 1, sentAtMs: 0.5, serverAtMs: 1 }, null],
  ['an unknown type', { type: 'event' }, 'type'],
]

const clientTable: readonly [title: string, message: object, wrongAt: string | null][] = [
  ['subscribe', subscribe, null],
  [
    'subscribe with everything',
    {
      ...subscribe,
      cameras: ['a', 'b'],
      classes: ['person'],
      minScore: 0.5,
      zones: [],
      maxFps: 5,
      events: false,
      resume: { bootId: 'b', cameras: { a: 7 } },
    },
    null,
  ],
  ['no cameras', { type: 'subscribe' }, 'cameras'],
  ['an empty list', { ...subscribe, cameras: [] }, 'cameras'],
  ['a camera that cannot be', { ...subscribe, cameras: ['A'] }, 'cameras.0'],
  ['a misspelt key', { ...subscribe, class: ['person'] }, ''],
  ['no rate', { ...subscribe, maxFps: 0 }, 'maxFps'],
  ['a score above 1', { ...subscribe, minScore: 1.5 }, 'minScore'],
  ['resume without bootId', { ...subscribe, resume: { cameras: {} } }, 'resume.bootId'],
  ['unsubscribe', { type: 'unsubscribe' }, null],
  ['ping', { type: 'ping', id: 1, sentAtMs: 0.5 }, null],
  ['a ping without id', { type: 'ping', sentAtMs: 0 }, 'id'],
  ['beacon', beacon, null],
  ['a beacon short of buckets', { ...beacon, displayDelayMs: [1] }, 'displayDelayMs'],
  ['a beacon that claims too much', { ...beacon, exact: 1e9 }, 'exact'],
  ['a server’s message', detections, 'type'],
]

for (const [side, table, schema] of [
  ['server', serverTable, serverMessageSchema],
  ['client', clientTable, clientMessageSchema],
] as const)
  for (const [title, message, wrongAt] of table)
    test(`${side}: ${title} is ${wrongAt === null ? 'valid' : `wrong at “${wrongAt}”`}`, () => {
      const parsed = parseJson<unknown>(schema, JSON.stringify(message))
      assert.equal(parsed.ok ? null : parsed.path, wrongAt, parsed.ok ? '' : parsed.message)
      if (parsed.ok) assert.equal(parsed.ok, parseValue<unknown>(schema, message).ok)
    })

test('text that is not JSON is refused as such', () => {
  assert.deepEqual(parseJson(clientMessageSchema, '{"type":'), {
    ok: false,
    path: '',
    message: 'not JSON',
  })
})
