import { join } from 'node:path'
import { nodeOf } from './context.mjs'
import { findProgram } from './program.mjs'
import { SetUpError } from './set-up-error.mjs'
import { isAtLeast, parseVersion } from './version.mjs'

/** @import { Context } from './context.mjs' */
/** @import { Step } from './step-runner.mjs' */

/** Debian 12's; the flags of the decoder and their timing were measured with it. */
const least = [5, 1]
/** The npm package downloads 80 MB. */
const downloadLimitMs = 5 * 60_000

/**
 * @typedef {object} Ffmpeg
 * @property {string} path
 * @property {string} version As it prints it.
 */

/**
 * A new enough ffmpeg: named by SIGHTLINE_FFMPEG, on PATH, or of the npm package ffmpeg-static.
 * @param {Context} context
 * @returns {Step}
 */
export function ffmpeg(context) {
  const describe = (/** @type {Ffmpeg} */ { path, version }) => `ffmpeg ${version} at ${path}`
  return {
    name: 'ffmpeg',
    async check() {
      const found = await findFfmpeg(context)
      return found === null ? null : describe(found)
    },
    async make({ ready }) {
      if (context.apt.isAllowed) await context.apt.install(['ffmpeg'], 'decoding')
      else await ready('Node packages').then(() => downloadStatic(context))
      const found = await findFfmpeg(context)
      if (found !== null) return describe(found)
      throw new SetUpError(
        `no ffmpeg ${least.join('.')} or newer: install it, or set SIGHTLINE_FFMPEG to its path`,
        { debianPackages: ['ffmpeg'] },
      )
    },
  }
}

/**
 * @param {Context} context
 * @returns {Promise<Ffmpeg | null>}
 */
export async function findFfmpeg(context) {
  const { env, root } = context
  const named = env['SIGHTLINE_FFMPEG'] ?? ''
  if (named !== '') {
    const found = await inspect(context, named)
    if (found !== null) return found
    throw new SetUpError(
      `SIGHTLINE_FFMPEG names ${named}, which is no ffmpeg ${least.join('.')} or newer`,
    )
  }
  const packaged = join(root, 'node_modules', 'ffmpeg-static', 'ffmpeg')
  return (await inspect(context, 'ffmpeg')) ?? (await inspect(context, packaged))
}

/**
 * @param {Context} context
 * @param {string} nameOrPath
 * @returns {Promise<Ffmpeg | null>}
 */
async function inspect(context, nameOrPath) {
  const { children, env } = context
  const path = findProgram(nameOrPath, env)
  if (path === null) return null
  const { stdout } = await children.run(path, ['-hide_banner', '-version'], {
    env,
    timeoutMs: 10_000,
  })
  const version = /^ffmpeg version (\S+)/.exec(stdout)?.[1]
  if (version === undefined) return null
  // A build from ffmpeg's own repository is called after a revision, without a number to compare.
  const numbers = parseVersion(version)
  if (numbers !== null && !isAtLeast(numbers, least)) return null
  return { path, version: numbers?.join('.') ?? version }
}

/** @param {Context} context */
async function downloadStatic(context) {
  const { children, env, root } = context
  context.note('ffmpeg: none here, trying the download of ffmpeg-static')
  const script = join(root, 'node_modules', 'ffmpeg-static', 'install.js')
  await children.run(nodeOf(context), [script], {
    env,
    cwd: join(root, 'node_modules', 'ffmpeg-static'),
    timeoutMs: downloadLimitMs,
  })
}
