import { Interrupted, LeftOut, messageOf, SetUpError } from './set-up-error.mjs'

/**
 * @typedef {object} Step
 * @property {string} name
 * @property {() => Promise<string | null>} check What stands already, in a few words; null where it must be made. Cheap,
 *   and independent of the other steps.
 * @property {(others: Others) => Promise<string>} make Makes it; what stands then, in a few words. Throws SetUpError,
 *   LeftOut.
 */

/**
 * @typedef {object} Others
 * @property {(name: string) => Promise<void>} ready Waits for another step; the waiting does not count as time of this one.
 */

/**
 * @typedef {object} Result
 * @property {readonly string[]} missing Names, of a run that only checks.
 * @property {readonly SetUpError[]} problems
 */

class NotTried extends Error {}

/**
 * Runs the steps side by side, each after those that it waits for, and prints one line each. A failed step stops only
 * the steps that wait for it, so that one run names every problem. Rejects with errors that are no SetUpError, once all
 * steps have ended.
 * @param {readonly Step[]} steps
 * @param {{ mode: 'make' | 'check', print: (line: string) => void, nowMs: () => number }} options
 * @returns {Promise<Result>}
 */
export async function runSteps(steps, { mode, print, nowMs }) {
  /** @type {Map<string, { outcome: Promise<boolean>, settle: (isReady: boolean) => void }>} */
  const outcomes = new Map(steps.map(({ name }) => [name, deferred()]))
  /** @type {string[]} */
  const missing = []
  /** @type {SetUpError[]} */
  const problems = []

  /** @param {Step} step */
  async function run(step) {
    const startedAtMs = nowMs()
    let waitedMs = 0
    const line = (/** @type {string} */ text) =>
      print(`${text}  ${seconds(nowMs() - startedAtMs - waitedMs)}`)
    /** @type {Others['ready']} */
    const ready = async (name) => {
      const other = outcomes.get(name)
      if (other === undefined) throw new Error(`${step.name} waits for ${name}, which is no step`)
      const fromMs = nowMs()
      const isReady = await other.outcome
      waitedMs += nowMs() - fromMs
      if (!isReady) throw new NotTried(`${step.name} needs ${name}`)
    }
    try {
      const found = await step.check()
      if (found !== null) return line(found)
      if (mode === 'make') return line(await step.make({ ready }))
      missing.push(step.name)
      line(`${step.name}: missing`)
    } catch (error) {
      if (error instanceof LeftOut) return line(`${step.name} left out: ${messageOf(error)}`)
      outcomes.get(step.name)?.settle(false)
      if (error instanceof NotTried) return
      if (!(error instanceof SetUpError)) throw error
      problems.push(error)
      if (mode === 'check') missing.push(step.name)
      line(`${step.name}: ${messageOf(error)}`)
    } finally {
      // Where it has failed, this comes too late and changes nothing.
      outcomes.get(step.name)?.settle(true)
    }
  }

  const ends = await Promise.allSettled(steps.map(run))
  const bugs = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason] : []))
  const worst = bugs.find((bug) => !(bug instanceof Interrupted)) ?? bugs[0]
  if (worst !== undefined) throw worst
  return { missing, problems }
}

/** @param {number} lengthMs */
export function seconds(lengthMs) {
  return `${(lengthMs / 1000).toFixed(1)} s`
}

function deferred() {
  /** @type {(isReady: boolean) => void} */
  let settle = () => {}
  /** @type {Promise<boolean>} */
  const outcome = new Promise((resolve) => {
    settle = resolve
  })
  return { outcome, settle }
}
