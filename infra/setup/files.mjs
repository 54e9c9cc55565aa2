import { createHash, randomBytes } from 'node:crypto'
import {
  accessSync,
  chmodSync,
  constants,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join, relative } from 'node:path'
import { codeOf, messageOf, SetUpError } from './set-up-error.mjs'

/**
 * Lower-case hexadecimal; null where there is no such file.
 * @param {string} path
 * @returns {string | null}
 */
export function sha256OfFile(path) {
  const bytes = readIfThere(path)
  return bytes === null ? null : sha256Of(bytes)
}

/** @param {string | Uint8Array} content */
export function sha256Of(content) {
  return createHash('sha256').update(content).digest('hex')
}

/**
 * One hash over the names and contents of files and of everything in folders, but built and hidden things and tests.
 * @param {string} root The names count from here.
 * @param {readonly string[]} paths
 * @returns {string}
 */
export function fingerprint(root, paths) {
  const hash = createHash('sha256')
  for (const path of paths.flatMap((each) => filesBelow(join(root, each))).sort())
    hash.update(`${relative(root, path)} ${sha256OfFile(path) ?? ''}\n`)
  return hash.digest('hex')
}

/**
 * @param {string} path
 * @returns {string[]}
 */
function filesBelow(path) {
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter(({ name }) => !/^(\..*|node_modules|dist|.*\.test\.ts)$/.test(name))
      .flatMap((entry) => {
        const inner = join(path, entry.name)
        return entry.isDirectory() ? filesBelow(inner) : [inner]
      })
  } catch (error) {
    if (codeOf(error) === 'ENOTDIR') return [path]
    if (codeOf(error) === 'ENOENT') return []
    throw error
  }
}

/**
 * @param {string} path
 * @returns {Buffer | null}
 */
export function readIfThere(path) {
  try {
    return readFileSync(path)
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return null
    throw error
  }
}

/**
 * A reader sees the old file, the new one or none, never a part: a rename within a folder is atomic.
 * @param {string} path
 * @param {string | Uint8Array} content
 */
export function writeAtomically(path, content) {
  atomically(path, (part) => writeFileSync(part, content))
}

/**
 * @param {string} from
 * @param {string} to
 * @param {{ mode?: number }} [options]
 */
export function copyAtomically(from, to, { mode = 0o644 } = {}) {
  atomically(to, (part) => {
    copyFileSync(from, part)
    chmodSync(part, mode)
  })
}

/**
 * @param {string} path
 * @param {(part: string) => void} write
 */
function atomically(path, write) {
  const folder = dirname(path)
  try {
    mkdirSync(folder, { recursive: true })
    accessSync(folder, constants.W_OK)
  } catch (cause) {
    throw unwritable(path, cause)
  }
  const part = join(folder, `.${basename(path)}.${randomBytes(4).toString('hex')}.part`)
  try {
    write(part)
    renameSync(part, path)
  } catch (cause) {
    rmSync(part, { force: true })
    throw unwritable(path, cause)
  }
}

/**
 * @param {string} path
 * @param {unknown} cause
 */
function unwritable(path, cause) {
  return new SetUpError(`cannot write ${path}: ${messageOf(cause)}`, { cause })
}

/**
 * Hands out an empty folder and removes it afterwards, whatever happens.
 * @template T
 * @param {(folder: string) => Promise<T>} use
 * @returns {Promise<T>}
 */
export async function inTemporaryFolder(use) {
  const folder = mkdtempSync(join(tmpdir(), 'sightline-set-up-'))
  try {
    return await use(folder)
  } finally {
    // A browser's last helper may still be writing while its folder goes.
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
  }
}
