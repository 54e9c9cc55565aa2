import { spawn } from 'node:child_process'
import { Interrupted } from './set-up-error.mjs'

/**
 * @typedef {object} Ended
 * @property {number} code Exit code; 127 where the program is not there, 124 where it ran past its time, 128 where a
 *   signal ended it.
 * @property {string} stdout
 * @property {string} stderr
 */

/**
 * @typedef {object} RunOptions
 * @property {NodeJS.ProcessEnv} env
 * @property {string} [cwd]
 * @property {number} timeoutMs
 * @property {boolean} [endsByItself] On Ctrl-C it gets SIGINT and all the time it wants: dpkg must not be cut off half-way
 *   through a package.
 */

/** Kept of each stream: enough to find the reason of a failure. */
const keptCharacters = 1 << 18
/** Compilers end at once on SIGTERM; what does not, is killed. */
const patienceMs = 3_000

/** The programs that the set-up runs, each with its descendants in a process group, so that Ctrl-C leaves none behind. */
export class Children {
  /** @type {Set<{ end: () => void, kill: () => void }>} */
  #running = new Set()
  #interruption = new AbortController()

  /** Aborted by Ctrl-C. */
  get signal() {
    return this.#interruption.signal
  }

  /** Ends them all; `run` rejects from now on. A second call no longer waits for them. */
  interrupt() {
    if (this.signal.aborted) {
      for (const child of this.#running) child.kill()
      return
    }
    this.#interruption.abort(new Interrupted('interrupted'))
    for (const child of this.#running) child.end()
  }

  /**
   * Runs a program to its end, without input. Rejects only with Interrupted.
   * @param {string} program
   * @param {readonly string[]} args
   * @param {RunOptions} options
   * @returns {Promise<Ended>}
   */
  async run(program, args, { env, cwd, timeoutMs, endsByItself = false }) {
    this.signal.throwIfAborted()
    const child = spawn(program, [...args], {
      env,
      cwd,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const stdout = collect(child.stdout)
    const stderr = collect(child.stderr)
    /** @type {NodeJS.Timeout | null} */
    let killTimer = null
    const kill = () => signalGroup(child.pid, 'SIGKILL')
    const endGroup = () => {
      signalGroup(child.pid, 'SIGTERM')
      killTimer ??= setTimeout(kill, patienceMs)
    }
    const running = { end: endsByItself ? () => void child.kill('SIGINT') : endGroup, kill }
    this.#running.add(running)
    let isLate = false
    const lateTimer = setTimeout(() => {
      isLate = true
      endGroup()
    }, timeoutMs)
    /** @type {number} */
    const code = await new Promise((resolve) => {
      child.once('error', () => resolve(127))
      child.once('close', (exitCode) => resolve(exitCode ?? 128))
    })
    clearTimeout(lateTimer)
    if (killTimer !== null) clearTimeout(killTimer)
    this.#running.delete(running)
    this.signal.throwIfAborted()
    return { code: isLate ? 124 : code, stdout: stdout(), stderr: stderr() }
  }
}

/** @param {import('node:stream').Readable} stream */
function collect(stream) {
  let text = ''
  stream.setEncoding('utf8')
  stream.on('data', (/** @type {string} */ chunk) => {
    text = (text + chunk).slice(-keptCharacters)
  })
  return () => text
}

/**
 * @param {number | undefined} pid
 * @param {NodeJS.Signals} signal
 */
function signalGroup(pid, signal) {
  if (pid === undefined) return
  try {
    process.kill(-pid, signal)
  } catch {
    // The whole group has ended already.
  }
}
