import { accessSync, constants } from 'node:fs'
import { delimiter, isAbsolute, join } from 'node:path'

/** Looked for in this order; Google's build first, because every build of it decodes H.264. */
const namesOnPath = ['google-chrome', 'google-chrome-stable', 'chromium', 'chromium-browser']

/**
 * The browser that tests drive: `SIGHTLINE_CHROMIUM` (a path, or a name on PATH), else the first of Chrome and Chromium
 * on PATH. Throws one sentence that says what to do when there is none.
 */
export function findBrowser(env: Readonly<Record<string, string | undefined>>): string {
  const folders = (env.PATH ?? '').split(delimiter).filter((folder) => folder !== '')
  const wanted = env.SIGHTLINE_CHROMIUM
  if (wanted !== undefined && wanted !== '') {
    const path = isAbsolute(wanted) ? executable(wanted) : firstOnPath([wanted], folders)
    if (path !== null) return path
    throw new Error(`SIGHTLINE_CHROMIUM names ${wanted}, which is not an executable file`)
  }
  const path = firstOnPath(namesOnPath, folders)
  if (path !== null) return path
  throw new Error(
    'no browser for the tests: install Chrome or Chromium, or set SIGHTLINE_CHROMIUM to its path',
  )
}

function firstOnPath(names: readonly string[], folders: readonly string[]): string | null {
  for (const name of names)
    for (const folder of folders) {
      const path = executable(join(folder, name))
      if (path !== null) return path
    }
  return null
}

function executable(path: string): string | null {
  try {
    accessSync(path, constants.X_OK)
    return path
  } catch {
    // Not there, or not ours to run: the caller tries the next place.
    return null
  }
}
