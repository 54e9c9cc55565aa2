import { accessSync, constants, existsSync, mkdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { Apt } from './apt.mjs'
import { Children } from './children.mjs'
import { withoutPackageBins } from './program.mjs'

/**
 * What every step works with.
 * @typedef {object} Context
 * @property {string} root The repository.
 * @property {string} data SIGHTLINE_DATA: whatever the set-up makes lies below it, but for node_modules and client/dist.
 * @property {string} cache Outside of the clone, for what takes long to make or fetch: a second clone has it at once.
 * @property {NodeJS.ProcessEnv} env For children: no `node_modules/.bin` on PATH.
 * @property {Children} children
 * @property {Apt} apt
 * @property {(line: string) => void} note Prints a line in the midst of a long step.
 */

/**
 * @param {{ root: string, env: NodeJS.ProcessEnv, print: (line: string) => void }} options
 * @returns {Context}
 */
export function makeContext({ root, env, print }) {
  const children = new Children()
  const data = resolve(env['SIGHTLINE_DATA'] ?? join(root, 'data'))
  const childEnv = {
    ...env,
    PATH: withoutPackageBins(env['PATH']),
    ORT_DISABLE_TELEMETRY: '1',
  }
  return {
    root,
    data,
    cache: cacheFolder(env) ?? join(data, 'cache'),
    env: childEnv,
    children,
    apt: new Apt({ children, env: childEnv, note: print }),
    note: print,
  }
}

/**
 * The Node that runs TypeScript: npm's own package of it where the platform has one, else this one.
 * @param {Context} context
 * @returns {string}
 */
export function nodeOf({ root }) {
  const packaged = join(root, 'node_modules', '.bin', 'node')
  return existsSync(packaged) ? packaged : process.execPath
}

/**
 * Null where it cannot be written: a service account has no home.
 * @param {NodeJS.ProcessEnv} env
 * @returns {string | null}
 */
function cacheFolder(env) {
  const base = env['XDG_CACHE_HOME'] ?? ''
  const folder = join(base === '' ? join(env['HOME'] ?? homedir(), '.cache') : base, 'sightline')
  try {
    mkdirSync(folder, { recursive: true })
    accessSync(folder, constants.W_OK)
    return folder
  } catch {
    return null
  }
}
