import { existsSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { readIfThere, sha256Of } from './files.mjs'
import { LeftOut, SetUpError } from './set-up-error.mjs'
import { readStamp, writeStamp } from './stamp.mjs'
import { isAtLeast, parseVersion } from './version.mjs'

/** @import { Context } from './context.mjs' */
/** @import { Step } from './step-runner.mjs' */

/** What pipeline/requirements.<group>.txt is there for. */
export const pythonGroups = /** @type {const} */ (['eval', 'notebook', 'mlflow'])

/** @typedef {typeof pythonGroups[number]} PythonGroup */

/** Of the versions in the requirement files. */
const leastPython = [3, 11]
/** The newest first; `python3` is tried last, for it may be any. */
const interpreters = ['python3.13', 'python3.12', 'python3.11', 'python3']
const venvLimitMs = 120_000
/** mlflow and what it needs are 150 MB. */
const installLimitMs = 15 * 60_000

/**
 * A virtual environment in `<data>/python/<group>` with exactly what the group's requirement file names, each file
 * held against its hash; only wheels, so that no package runs code of its own here.
 * @param {Context} context
 * @param {PythonGroup} group
 * @returns {Step}
 */
export function pythonEnvironment(context, group) {
  const folder = join(context.data, 'python', group)
  const stampPath = join(context.data, 'setup', `python-${group}.json`)
  const requirements = join(context.root, 'pipeline', `requirements.${group}.txt`)
  const wanted = () => sha256Of(readIfThere(requirements) ?? '')
  const text = `Python for ${group} in ${folder}`
  return {
    name: `python:${group}`,
    async check() {
      const isThere = existsSync(pythonIn(folder))
      return isThere && readStamp(stampPath)['requirements'] === wanted() ? text : null
    },
    async make() {
      const made = wanted()
      const python = await findPython(context)
      rmSync(stampPath, { force: true })
      // A virtual environment knows its own path: it is made in its place, and moved away first if it stands.
      if (existsSync(folder)) renameSync(folder, `${folder}.old`)
      rmSync(`${folder}.old`, { recursive: true, force: true })
      await makeEnvironment(context, python, folder)
      await install(context, folder, requirements)
      writeStamp(stampPath, { requirements: made })
      return text
    },
  }
}

/**
 * @param {string} folder
 * @returns {string}
 */
export function pythonIn(folder) {
  return process.platform === 'win32'
    ? join(folder, 'Scripts', 'python.exe')
    : join(folder, 'bin', 'python')
}

/**
 * @param {Context} context
 * @returns {Promise<string>}
 */
async function findPython({ children, env }) {
  for (const name of interpreters) {
    const options = { env, timeoutMs: venvLimitMs }
    const { code, stdout } = await children.run(name, ['--version'], options)
    const version = parseVersion(stdout.replace(/^Python /, ''))
    if (code === 0 && version !== null && isAtLeast(version, leastPython)) return name
  }
  throw new LeftOut(`no Python ${leastPython.join('.')} or newer on PATH`)
}

/**
 * Debian's Python comes without ensurepip, which is in python3-venv.
 * @param {Context} context
 * @param {string} python
 * @param {string} folder
 */
async function makeEnvironment({ children, env, apt }, python, folder) {
  const make = () => children.run(python, ['-m', 'venv', folder], { env, timeoutMs: venvLimitMs })
  let made = await make()
  if (
    made.code !== 0 &&
    /ensurepip|python3-venv/.test(made.stdout + made.stderr) &&
    apt.isAllowed
  ) {
    await apt.install(['python3-venv'], 'Python environments')
    rmSync(folder, { recursive: true, force: true })
    made = await make()
  }
  if (made.code !== 0)
    throw new SetUpError(`${python} -m venv failed: ${lastLine(made.stderr || made.stdout)}`, {
      debianPackages: /ensurepip/.test(made.stdout + made.stderr) ? ['python3-venv'] : [],
    })
}

/**
 * @param {Context} context
 * @param {string} folder
 * @param {string} requirements
 */
async function install({ children, env }, folder, requirements) {
  const flags = [
    '--require-hashes',
    '--only-binary=:all:',
    // Of the thousands of files, a run needs hundreds; Python compiles those by itself.
    '--no-compile',
    '--disable-pip-version-check',
    '--no-input',
    '--quiet',
  ]
  const { code, stderr } = await children.run(
    pythonIn(folder),
    ['-m', 'pip', 'install', ...flags, '-r', requirements],
    { env, timeoutMs: installLimitMs },
  )
  if (code === 0) return
  rmSync(folder, { recursive: true, force: true })
  throw new SetUpError(`pip cannot install ${requirements}: ${lastLine(stderr)}`)
}

/** @param {string} text */
function lastLine(text) {
  return text.trim().split('\n').at(-1) ?? ''
}
