import assert from 'node:assert/strict'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { after, before, test } from 'node:test'
import { FfmpegError } from './ffmpeg-error.ts'
import { findFfmpeg } from './find-ffmpeg.ts'

let folder = ''

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sightline-ffmpeg-'))
})
after(() => rm(folder, { recursive: true, force: true }))

/** A folder with a program called ffmpeg. */
async function programFolder(script: string, mode = 0o755): Promise<string> {
  const made = await mkdtemp(join(folder, 'bin-'))
  const path = join(made, 'ffmpeg')
  await writeFile(path, `#!/bin/sh\n${script}\n`)
  await chmod(path, mode)
  return made
}

const saying = (version: string): Promise<string> =>
  programFolder(`echo "ffmpeg version ${version} Copyright (c) 2000-2026 the FFmpeg developers"`)

async function refusal(options: Parameters<typeof findFfmpeg>[0]): Promise<FfmpegError> {
  try {
    await findFfmpeg(options)
  } catch (error) {
    assert.ok(error instanceof FfmpegError, String(error))
    return error
  }
  return assert.fail('it was accepted')
}

test('nothing anywhere: missing, with advice', async () => {
  const error = await refusal({ configuredPath: null, searchPath: folder, staticPath: null })
  assert.equal(error.code, 'ffmpeg_missing')
  assert.match(error.message, /SIGHTLINE_FFMPEG/)
})

test('a configured program that is not there is an error, whatever PATH has', async () => {
  const searchPath = await saying('7.1')
  const error = await refusal({ configuredPath: join(folder, 'no'), searchPath, staticPath: null })
  assert.equal(error.code, 'ffmpeg_missing')
  assert.match(error.message, /no such file/)
})

test('another program, a broken one and one that may not be run are no FFmpeg', async () => {
  for (const made of [
    await programFolder('echo hello'),
    await programFolder('exit 3'),
    await programFolder('kill -9 $$'),
    await programFolder('echo "ffmpeg version 7.1"', 0o644),
  ]) {
    const configuredPath = join(made, 'ffmpeg')
    const error = await refusal({ configuredPath, searchPath: '', staticPath: null })
    assert.equal(error.code, 'ffmpeg_missing')
    assert.ok(error.message.includes(configuredPath))
  }
})

test('one that is too old says so and is passed over for a newer one', async () => {
  const old = await saying('4.4.2-0ubuntu0.22.04.1')
  const error = await refusal({ configuredPath: null, searchPath: old, staticPath: null })
  assert.equal(error.code, 'ffmpeg_too_old')
  assert.match(error.message, /4\.4\.2.*5\.1 is needed/)

  const recent = await saying('n7.1')
  const searchPath = [old, recent].join(delimiter)
  const found = await findFfmpeg({ configuredPath: null, searchPath, staticPath: null })
  assert.equal(found.path, join(recent, 'ffmpeg'))
  assert.equal(found.foundBy, 'path')
})

test('the optional package comes last, and only when its file is there', async () => {
  const staticPath = join(await saying('6.0-static'), 'ffmpeg')
  const options = { configuredPath: null, searchPath: folder }
  assert.equal((await findFfmpeg({ ...options, staticPath })).foundBy, 'ffmpeg-static')
  const absent = await refusal({ ...options, staticPath: join(folder, 'absent') })
  assert.equal(absent.code, 'ffmpeg_missing')
})

test('the environment does not reach the program', async () => {
  process.env['SIGHTLINE_TEST_SECRET'] = 'secret'
  try {
    const script = 'test -z "$SIGHTLINE_TEST_SECRET" && echo "ffmpeg version 7.1"'
    const searchPath = await programFolder(script)
    const found = await findFfmpeg({ configuredPath: null, searchPath, staticPath: null })
    assert.equal(found.version.text, '7.1')
  } finally {
    delete process.env['SIGHTLINE_TEST_SECRET']
  }
})

test('the FFmpeg of this machine is found', async () => {
  const searchPath = process.env['PATH'] ?? ''
  const found = await findFfmpeg({
    configuredPath: process.env['SIGHTLINE_FFMPEG'] ?? null,
    searchPath,
  })
  assert.ok(found.version.release === null || found.version.release.major >= 5)
})
