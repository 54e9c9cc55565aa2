import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, isAbsolute, join } from 'node:path'

/**
 * The full path of a program, given by name or by path; null where there is none that may be run.
 * @param {string} nameOrPath
 * @param {NodeJS.ProcessEnv} env
 * @returns {string | null}
 */
export function findProgram(nameOrPath, env) {
  if (isAbsolute(nameOrPath)) return isExecutable(nameOrPath) ? nameOrPath : null
  const folders = (env['PATH'] ?? '').split(delimiter).filter(isAbsolute)
  const paths = folders.map((folder) => join(folder, nameOrPath))
  return paths.find(isExecutable) ?? null
}

/**
 * PATH without any `node_modules/.bin`, which npm puts in front: `npm ci` deletes the Node in there, and so must not
 * run on it.
 * @param {string | undefined} path
 * @returns {string}
 */
export function withoutPackageBins(path) {
  const isPackageBin = /[\\/]node_modules[\\/]\.bin[\\/]?$/
  return (path ?? '')
    .split(delimiter)
    .filter((folder) => !isPackageBin.test(folder))
    .join(delimiter)
}

/**
 * Changes when another program comes to lie at the path, without running it.
 * @param {string} path
 * @returns {string}
 */
export function identityOf(path) {
  const { size, mtimeMs } = statSync(path)
  return `${path} ${size} ${mtimeMs}`
}

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    // Not there, or not ours to run.
    return false
  }
}
