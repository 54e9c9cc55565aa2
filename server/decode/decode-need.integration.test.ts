import assert from 'node:assert/strict'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { silentLog } from '#std/log.ts'
import { decodeNeed } from './decode-need.ts'
import { ffmpegOfThisMachine } from './ffmpeg-of-this-machine.ts'

/** What set-up prepared. */
const clipPath = resolve(process.env['SIGHTLINE_DATA'] ?? 'data', 'demo/street.h264')
const ffmpegPath = await ffmpegOfThisMachine(process.env)
const common = { ffmpegPath, clipPath, cameras: 16, log: silentLog }
/** 1.1 ms of FFmpeg and 0.62 of Node for each of 480 frames a second. */
const assumed = 0.8256

test('Decoding is measured: cameras share what one takes, and none takes nothing.', async () => {
  const cores = await decodeNeed(common)
  // From a core that decodes 80 cameras to one that is busy with two.
  assert.ok(cores > 0.2 && cores < 8, String(cores))
  assert.ok(Math.abs(cores - assumed) > 1e-6, 'a measured figure')
  assert.equal(await decodeNeed({ ...common, cameras: 0 }), 0)
})

for (const { name, change } of [
  { name: 'no clip', change: { clipPath: 'none.h264' } },
  { name: 'no FFmpeg', change: { ffmpegPath: 'no-ffmpeg' } },
  { name: 'a clip of no pictures', change: { clipPath: import.meta.filename } },
])
  test(`With ${name}, a common figure is assumed.`, async () => {
    const cores = await decodeNeed({ ...common, ...change })
    assert.ok(Math.abs(cores - assumed) < 1e-6, String(cores))
  })
