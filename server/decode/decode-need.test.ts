import assert from 'node:assert/strict'
import { test } from 'node:test'
import { msAFrame } from './decode-need.ts'

const frames = 'frame=   60 fps=0.0 q=-0.0 Lsize=N/A time=00:00:02.40 bitrate=N/A speed=61.4x'
const cases = [
  {
    name: 'user and system time',
    text: `${frames}\nbench: utime=0.040s stime=0.020s rtime=0.061s`,
    ms: 1,
  },
  {
    name: 'no frames',
    text: 'frame=    0 fps=0.0\nbench: utime=0.040s stime=0.020s rtime=0.1s',
    ms: null,
  },
  {
    name: 'a clock too coarse',
    text: `${frames}\nbench: utime=0.000s stime=0.000s rtime=0.1s`,
    ms: null,
  },
  { name: 'a build that says nothing', text: frames, ms: null },
  { name: 'nothing at all', text: '', ms: null },
]
for (const { name, text, ms } of cases)
  test(`CPU time a frame out of FFmpeg's words: ${name}.`, () => {
    assert.equal(msAFrame(text), ms)
  })
