import { readIfThere, writeAtomically } from './files.mjs'

/**
 * What was true when something was made or tried. Written after everything that it speaks for, so that an interrupted
 * step has none; a stamp that cannot be read counts as none.
 * @param {string} path
 * @returns {Readonly<Record<string, string>>}
 */
export function readStamp(path) {
  const bytes = readIfThere(path)
  if (bytes === null) return {}
  try {
    /** @type {unknown} */
    const value = JSON.parse(bytes.toString())
    if (typeof value !== 'object' || value === null) return {}
    return Object.fromEntries(Object.entries(value).filter(([, each]) => typeof each === 'string'))
  } catch {
    // Cut off or written by hand: the step runs again.
    return {}
  }
}

/**
 * @param {string} path
 * @param {Readonly<Record<string, string>>} facts
 */
export function writeStamp(path, facts) {
  writeAtomically(path, `${JSON.stringify(facts, null, 2)}\n`)
}
