import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isTooOld, parseFfmpegVersion } from './ffmpeg-version.ts'

const refused = '3 n4.4 4.4.2-0ubuntu0.22.04.1 7:4.3.6-0+deb11u1 5.0 5.0.3 n5.0-3-gabc'.split(' ')
const accepted = (
  '5.1 5.1.9-0+deb12u1 n5.1.2 7.0.2-static n9.0.2-17-g2a571b6068-20260930 10.0 7:7.1.1-1 ' +
  'N-118448-g1a2b3c4 git-2024-05-06-abcdef 2024-05-06-git-96449cfeae-full_build'
).split(' ')

for (const text of refused)
  test(`FFmpeg ${text} is too old`, () => {
    const version = parseFfmpegVersion(`ffmpeg version ${text} Copyright (c) 2000-2026\n`)
    assert.equal(version?.text, text)
    assert.equal(isTooOld(version), true)
  })

for (const text of accepted)
  test(`FFmpeg ${text} is new enough, or of unknown age`, () => {
    const version = parseFfmpegVersion(`ffmpeg version ${text} Copyright (c) 2000-2026\n`)
    assert.equal(version?.text, text)
    assert.equal(isTooOld(version), false)
  })

test('what does not say that it is FFmpeg has no version', () => {
  for (const output of ['', 'avconv version 12', 'usage: ffmpeg version 5.1'])
    assert.equal(parseFfmpegVersion(output), null)
})
