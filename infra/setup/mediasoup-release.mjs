import { writeFileSync } from 'node:fs'
import { release } from 'node:os'
import { join } from 'node:path'
import { copyAtomically, inTemporaryFolder } from './files.mjs'

/** @import { Context } from './context.mjs' */

/** A machine without internet must get to the other way soon. */
const connectLimitMs = 5_000
/** For 4 MB: 30 kB/s. */
const bodyLimitMs = 150_000

/**
 * The binary that mediasoup's authors release with each version, named as in `npm-scripts.mjs` of the package. The
 * package's own download is not used: where it fails, it starts a build that needs GitHub and PyPI. Leaves `path`
 * absent where there is none for this machine or no way to it.
 * @param {Context} context
 * @param {string} version
 * @param {string} path
 * @returns {Promise<void>}
 */
export async function fetchReleased(context, version, path) {
  const kernel = process.platform === 'linux' ? `-kernel${release().split('.')[0]}` : ''
  const name = `mediasoup-worker-${version}-${process.platform}-${process.arch}${kernel}.tgz`
  const url = `https://github.com/versatica/mediasoup/releases/download/${version}/${name}`
  const archive = await download(url, context.children.signal)
  if (archive === null) return
  await inTemporaryFolder(async (folder) => {
    writeFileSync(join(folder, name), archive)
    const { code } = await context.children.run('tar', ['-xzf', name], {
      env: context.env,
      cwd: folder,
      timeoutMs: 60_000,
    })
    if (code === 0) copyAtomically(join(folder, 'mediasoup-worker'), path, { mode: 0o755 })
  })
}

/**
 * @param {string} url
 * @param {AbortSignal} interruption
 * @returns {Promise<Buffer | null>}
 */
async function download(url, interruption) {
  const late = new AbortController()
  let timer = setTimeout(() => late.abort(), connectLimitMs)
  try {
    const response = await fetch(url, { signal: AbortSignal.any([interruption, late.signal]) })
    if (!response.ok) return null
    clearTimeout(timer)
    timer = setTimeout(() => late.abort(), bodyLimitMs)
    return Buffer.from(await response.arrayBuffer())
  } catch {
    // No network, or only a part came: the build from sources is the other way.
    interruption.throwIfAborted()
    return null
  } finally {
    clearTimeout(timer)
  }
}
