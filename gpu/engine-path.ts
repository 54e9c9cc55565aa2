import { realpath } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { EpContextError } from './ep-context-error.ts'

/**
 * Why a path is not taken as an engine's, in one sentence; null: it leads below the folder of the file that names it.
 * Stricter than onnxruntime, which refuses a leading `/` and `..` anywhere: names are taken the same way everywhere.
 */
export function refusalOfEnginePath(path: string): string | null {
  const shown = JSON.stringify(path.slice(0, shownLength))
  if (path.length > pathLengthMax) return `the engine’s path ${shown}… is too long`
  // A drive, a stream of NTFS, an escape: nothing that a builder writes.
  if (!/^[\w./ ()+@=,-]+$/.test(path)) return `the engine’s path ${shown} has odd characters`
  if (path.startsWith('/')) return `the engine’s path ${shown} is absolute`
  if (path.includes('..')) return `the engine’s path ${shown} leads out of the folder`
  const segments = path.split('/')
  return segments.some((segment) => segment === '' || segment === '.')
    ? `the engine’s path ${shown} is no plain path of a file`
    : null
}

/** The real file of such a path. Rejects with EpContextError `unsafe_path` where a link leads out of the folder. */
export async function engineFileBelow(folder: string, path: string): Promise<string> {
  const reason = refusalOfEnginePath(path)
  if (reason !== null) throw new EpContextError('unsafe_path', reason)
  const root = await realpath(folder)
  const file = await realpath(join(root, path))
  if (file.startsWith(root + sep)) return file
  throw new EpContextError('unsafe_path', `the engine ${path} is a link out of its folder`)
}

const pathLengthMax = 1_000
const shownLength = 100
