import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { copyAtomically, sha256Of } from './files.mjs'
import { withLock } from './lock.mjs'
import { SetUpError } from './set-up-error.mjs'

/** @import { Context } from './context.mjs' */
/** @import { Others } from './step-runner.mjs' */

const debianPackages = [
  'g++',
  'meson',
  'ninja-build',
  'pkg-config',
  'libuv1-dev',
  'libssl-dev',
  'libsrtp2-dev',
  'libabsl-dev',
  'libflatbuffers-dev',
  'flatbuffers-compiler',
]
/** 110 s on two free cores; one that is shared may take ten times as long. */
const buildLimitMs = 30 * 60_000

/**
 * @typedef {object} BuildOptions
 * @property {string} version
 * @property {string} key Of sources and recipe.
 * @property {Others} others
 * @property {(path: string) => Promise<boolean>} starts
 */

/**
 * Builds the worker, or finds the one that was built from the same sources with the same libraries; its path in the
 * cache.
 * @param {Context} context
 * @param {BuildOptions} options
 * @returns {Promise<string>}
 */
export async function buildWorker(context, options) {
  const { apt, cache, children, note } = context
  if (!apt.isHere)
    throw new SetUpError(
      'the released mediasoup-worker cannot be fetched or does not run here, and building it needs Debian or Ubuntu',
    )
  await apt.install(debianPackages, 'building mediasoup-worker')
  const libraries = await apt.versionsOf(debianPackages)
  const key = sha256Of(options.key + libraries).slice(0, 16)
  const path = join(cache, `mediasoup-worker-${options.version}-${key}`)
  // Two clones share the cache, and must not build in the same folder.
  return await withLock(`${path}.lock`, {
    signal: children.signal,
    onWait: (pid) => note(`mediasoup-worker: process ${pid} is building it, waiting`),
    async use() {
      if (await options.starts(path)) return path
      await build(context, path, options)
      return path
    },
  })
}

/**
 * @param {Context} context
 * @param {string} path
 * @param {BuildOptions} options
 */
async function build(context, path, { others, starts, version }) {
  const { children, env, note, root } = context
  await others.ready('Node packages')
  note(`mediasoup-worker ${version}: no released binary at hand, building it (2 to 4 minutes)`)
  const sources = join(root, 'node_modules', 'mediasoup', 'worker')
  const script = join(root, 'infra', 'setup', 'mediasoup-worker', 'build.sh')
  const folder = `${path}.build`
  const { code, stdout, stderr } = await children.run('bash', [script, sources, folder], {
    env,
    timeoutMs: buildLimitMs,
  })
  const built = join(folder, 'mediasoup-worker')
  if (code !== 0 || !(await starts(built))) {
    rmSync(folder, { recursive: true, force: true })
    throw new SetUpError(`mediasoup-worker does not build: ${reasonIn(stdout + stderr, code)}`)
  }
  copyAtomically(built, path, { mode: 0o755 })
  rmSync(folder, { recursive: true, force: true })
}

/**
 * @param {string} output
 * @param {number} code
 */
function reasonIn(output, code) {
  const lines = output.split('\n').filter((line) => line.trim() !== '')
  const first = lines.find((line) => /\berror:|ERROR|undefined reference|has changed/.test(line))
  return first ?? lines.at(-1) ?? `exit code ${code}`
}
