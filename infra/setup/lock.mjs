import { linkSync, readFileSync, rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { readIfThere, writeAtomically } from './files.mjs'
import { codeOf, SetUpError } from './set-up-error.mjs'

/** Longer than the slowest set-up seen, a worker build on one busy core. */
const longestWaitMs = 20 * 60_000
const lookEveryMs = 250

/**
 * Runs `use` while no other process holds the same lock: two `npm ci` in one folder destroy each other. A lock whose
 * holder has died counts for nothing.
 * @template T
 * @param {string} path
 * @param {{ signal: AbortSignal, onWait: (holderPid: number) => void, use: () => Promise<T> }} options
 * @returns {Promise<T>}
 */
export async function withLock(path, { signal, onWait, use }) {
  const deadlineAtMs = Date.now() + longestWaitMs
  let hasWaited = false
  while (!take(path)) {
    const holder = holderOf(path)
    if (holder === null) continue
    if (!hasWaited) onWait(holder)
    hasWaited = true
    if (Date.now() > deadlineAtMs)
      throw new SetUpError(`process ${holder} has held ${path} for too long; end it and try again`)
    await sleep(lookEveryMs, undefined, { signal }).catch(() => signal.throwIfAborted())
  }
  try {
    return await use()
  } finally {
    rmSync(path, { force: true })
  }
}

/**
 * A link appears whole, with the holder's number in it; a file opened and then written does not.
 * @param {string} path
 */
function take(path) {
  const part = `${path}.${process.pid}`
  writeAtomically(part, String(process.pid))
  try {
    linkSync(part, path)
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw error
  } finally {
    rmSync(part, { force: true })
  }
}

/**
 * The process that holds it; null where it has gone, its lock with it.
 * @param {string} path
 * @returns {number | null}
 */
function holderOf(path) {
  try {
    const pid = Number(readFileSync(path, 'utf8'))
    if (pid !== process.pid && isAlive(pid)) return pid
    rmSync(path, { force: true })
    return null
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw error
  }
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0)
    // In a container that starts again, the number soon belongs to another program.
    const commandLine = readIfThere(`/proc/${pid}/cmdline`)
    return commandLine === null || commandLine.includes('setup')
  } catch (error) {
    return codeOf(error) === 'EPERM'
  }
}
