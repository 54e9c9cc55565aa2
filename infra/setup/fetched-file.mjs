import { join } from 'node:path'
import { copyAtomically, inTemporaryFolder, sha256OfFile } from './files.mjs'
import { SetUpError } from './set-up-error.mjs'

/** @import { Context } from './context.mjs' */

/**
 * A file known by its hash, into the cache and from there to its place. Throws SetUpError where another file comes.
 * @param {Context} context
 * @param {object} file
 * @param {string} file.path Where it is to lie.
 * @param {string} file.sha256
 * @param {(folder: string) => Promise<string>} file.fetch Fetches it into an empty folder; its path there.
 * @returns {Promise<void>}
 */
export async function placeFile({ cache }, { path, sha256, fetch }) {
  const cached = join(cache, 'files', sha256)
  if (sha256OfFile(cached) !== sha256)
    await inTemporaryFolder(async (folder) => {
      const fetched = await fetch(folder)
      const found = sha256OfFile(fetched)
      if (found !== sha256)
        throw new SetUpError(`${fetched} has sha256 ${found}, not ${sha256}: it is not used`)
      copyAtomically(fetched, cached)
    })
  copyAtomically(cached, path)
}
