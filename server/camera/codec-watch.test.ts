import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rigSps } from './camera-rig.ts'
import { CodecWatch } from './codec-watch.ts'

const small = { name: 'H264', profile: 'Constrained Baseline', width: 640, height: 360 }
const large = { name: 'H264', profile: 'Main', width: 1280, height: 720 }
const unreadable = Buffer.from('6742', 'hex')

// `seen` in order -> what is in force after each.
const cases = [
  { name: 'nothing is known before an SPS came', seen: [[]], expected: [null] },
  { name: 'an SPS that cannot be read says nothing', seen: [[unreadable]], expected: [null] },
  {
    name: 'the first readable SPS is in force, after an unreadable one too',
    seen: [[unreadable], [rigSps.small]],
    expected: [null, small],
  },
  {
    name: 'a unit without sets changes nothing',
    seen: [[rigSps.small], []],
    expected: [small, small],
  },
  {
    name: 'an SPS that cannot be read does not displace one that could',
    seen: [[rigSps.small], [unreadable]],
    expected: [small, small],
  },
  {
    name: 'of several the newest, which stands last, is in force',
    seen: [[rigSps.small], [rigSps.small, rigSps.large]],
    expected: [small, large],
  },
  {
    name: 'another SPS is in force at once, and the first one again when it comes back',
    seen: [[rigSps.small], [rigSps.large], [rigSps.small]],
    expected: [small, large, small],
  },
]

for (const { name, seen, expected } of cases)
  test(name, () => {
    const watch = new CodecWatch()
    assert.equal(watch.current, null)
    const codecs = seen.map((sps) => watch.seen({ sps, pps: [] }))
    assert.deepEqual(codecs, expected)
    assert.deepEqual(watch.current, expected.at(-1))
  })

test('the same SPS is parsed once, in whichever buffer it comes', () => {
  const watch = new CodecWatch()
  const first = watch.seen({ sps: [rigSps.small], pps: [] })
  assert.equal(watch.seen({ sps: [rigSps.small], pps: [] }), first)
  assert.equal(watch.seen({ sps: [Buffer.from(rigSps.small)], pps: [] }), first)
})
