import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { copyAtomically, fingerprint, sha256Of } from './files.mjs'
import { buildWorker } from './mediasoup-build.mjs'
import { fetchReleased } from './mediasoup-release.mjs'
import { readLock } from './package-lock.mjs'
import { SetUpError } from './set-up-error.mjs'
import { readStamp, writeStamp } from './stamp.mjs'

/** @import { Context } from './context.mjs' */
/** @import { Others, Step } from './step-runner.mjs' */

/** Without MEDIASOUP_VERSION it ends with this code: the proof that it loads and runs here. */
const codeWithoutVersion = 41

/**
 * mediasoup's SFU process at `<data>/bin/mediasoup-worker`: the released binary where it can be had, else built from
 * the package's own sources. Not in node_modules, where mediasoup looks for it: `npm ci` deletes that.
 * @param {Context} context
 * @returns {Step}
 */
export function mediasoupWorker(context) {
  const path = join(context.data, 'bin', 'mediasoup-worker')
  const stampPath = join(context.data, 'setup', 'mediasoup-worker.json')
  return {
    name: 'mediasoup-worker',
    async check() {
      const { version, key } = wantedWorker(context)
      const stamp = readStamp(stampPath)
      if (stamp['key'] !== key || !(await starts(context, path))) return null
      return `mediasoup-worker ${version} (${stamp['origin'] ?? ''})`
    },
    async make(others) {
      const { version, key } = wantedWorker(context)
      const made = await makeWorker(context, { version, key, others })
      copyAtomically(made.path, path, { mode: 0o755 })
      writeStamp(stampPath, { key, origin: made.origin })
      return `mediasoup-worker ${version} (${made.origin})`
    },
  }
}

/**
 * @param {Context} context
 * @param {{ version: string, key: string, others: Others }} options
 * @returns {Promise<{ path: string, origin: string }>}
 */
async function makeWorker(context, { version, key, others }) {
  const released = join(context.cache, `mediasoup-worker-${version}-released`)
  if (!(await starts(context, released))) {
    // Also where it came, but for a newer C library than this system's.
    rmSync(released, { force: true })
    await fetchReleased(context, version, released)
  }
  if (await starts(context, released)) return { path: released, origin: 'as released' }
  const built = await buildWorker(context, {
    version,
    key,
    others,
    starts: (path) => starts(context, path),
  })
  return { path: built, origin: 'built here' }
}

/**
 * The key changes with whatever makes another worker.
 * @param {Context} context
 */
function wantedWorker({ root }) {
  const locked = readLock(join(root, 'package-lock.json'))?.get('node_modules/mediasoup')
  if (locked === undefined) throw new SetUpError('package-lock.json does not name mediasoup')
  const recipe = fingerprint(root, ['infra/setup/mediasoup-worker'])
  const key = sha256Of([locked.integrity, recipe, process.platform, process.arch].join('\n'))
  return { version: locked.version, key }
}

/**
 * @param {Context} context
 * @param {string} path
 * @returns {Promise<boolean>}
 */
async function starts({ children }, path) {
  const { code } = await children.run(path, [], { env: {}, timeoutMs: 10_000 })
  return code === codeWithoutVersion
}
