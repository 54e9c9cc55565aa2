import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { parseSps } from './sps.ts'

describe('an SPS that is none gives null', () => {
  const whole = '6742c01ed900a02ff97011000003000100000300320f162e48'
  for (const [name, hex] of [
    ['nothing', ''],
    ['a PPS', '68cb83cb20'],
    ['only a header', '6742c01e'],
    ['cut before its size', whole.slice(0, 12)],
    ['a picture of 2 ** 32 macroblocks', '6742c01ef0000000000000000000'],
  ] as const)
    test(name, () => assert.equal(parseSps(Buffer.from(hex, 'hex')), null))

  test('random bytes never throw, and sizes are plausible', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        const parsed = parseSps(Buffer.concat([Buffer.from([0x67]), bytes]))
        if (parsed === null) return
        assert.ok(parsed.width > 0 && parsed.width <= 16_384)
        assert.ok(parsed.height > 0 && parsed.height <= 16_384)
      }),
    )
  })
})

// Made by x264 164 through FFmpeg 5.1; sizes, profiles and reorder depths are those it was asked for.
describe('size, profile and reorder depth', () => {
  const cases = [
    {
      name: 'Baseline, cropped by 8 lines',
      hex: '6742c01ed900a02ff97011000003000100000300320f162e48',
      expected: { profile: 'Constrained Baseline', width: 640, height: 360, reorderFrames: 0 },
    },
    {
      name: 'Main without B-frames',
      hex: '674d401fd9005005bb011000000300100000030320f1832480',
      expected: { profile: 'Main', width: 1280, height: 720, reorderFrames: 0 },
    },
    {
      name: 'High with B-frames, emulation prevention inside',
      hex: '67640028acd940780227e5c044000003000400000300c83c60c658',
      expected: { profile: 'High', width: 1920, height: 1080, reorderFrames: 2 },
    },
    {
      name: 'interlaced: lines are counted per field',
      hex: '67640028ace401e0113f78088000000300800000190f8b1724',
      expected: { profile: 'High', width: 1920, height: 1080, reorderFrames: 0 },
    },
    {
      name: '4:2:2',
      hex: '677a000dbcd94141fb011000000300100000030320f1429960',
      expected: { profile: 'High 4:2:2', width: 320, height: 240, reorderFrames: 2 },
    },
    {
      name: '4:4:4, where cropping counts single pixels',
      hex: '67f4000d919b282a10f1f1f808800000030080000019078a14cb',
      expected: { profile: 'High 4:4:4 Predictive', width: 322, height: 242, reorderFrames: 2 },
    },
    {
      name: 'hypothetical reference decoder parameters before the reorder depth',
      hex: '6764000dacd942c4ec0440000003004000000c9808007a10001e84e4c30078a14cb0',
      expected: { profile: 'High', width: 176, height: 144, reorderFrames: 2 },
    },
  ] as const
  for (const { name, hex, expected } of cases)
    test(name, () => assert.deepEqual(parseSps(Buffer.from(hex, 'hex')), { id: 0, ...expected }))
})
