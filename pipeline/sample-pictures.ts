import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { copyFile, mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { messageOf } from '#std/coded-error.ts'
import { StageError } from './stage-error.ts'

/** Frames of the demo clip, which lasts 10 s at 25 a second. */
const frameEvery = 25
const limitMs = 60_000

/**
 * Real pictures that every set-up has, for a model that comes without a dataset: a frame of each second of the demo
 * clip, and the self-test's photo. Paths, in order; the clip's first. Throws StageError `environment_missing`.
 */
export async function makeSamplePictures(options: {
  readonly dataDir: string
  readonly ffmpegPath: string
  /** Made where it is not there. */
  readonly folder: string
}): Promise<readonly string[]> {
  const { dataDir, ffmpegPath, folder } = options
  const clip = join(dataDir, 'demo', 'street.h264')
  const photo = join(dataDir, 'self-test', 'parkour.jpg')
  for (const path of [clip, photo])
    if (!existsSync(path))
      throw new StageError('environment_missing', `there is no ${path}: the set-up makes it`)
  await mkdir(folder, { recursive: true })
  const select = ['-vf', `select=not(mod(n\\,${frameEvery}))`, '-fps_mode', 'passthrough']
  const input = ['-v', 'error', '-nostdin', '-f', 'h264', '-i', `file:${clip}`]
  try {
    const output = [...select, join(folder, 'street-%03d.png')]
    await promisify(execFile)(ffmpegPath, [...input, ...output], { timeout: limitMs })
  } catch (cause) {
    throw new StageError('environment_missing', `ffmpeg cannot cut ${clip}: ${messageOf(cause)}`, {
      cause,
    })
  }
  const frames = (await readdir(folder)).filter((name) => /^street-\d+\.png$/.test(name)).sort()
  await copyFile(photo, join(folder, 'photo.jpg'))
  return [...frames, 'photo.jpg'].map((name) => join(folder, name))
}
