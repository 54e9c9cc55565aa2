import { join } from 'node:path'
import { sha256OfFile } from './files.mjs'
import { placeFile } from './fetched-file.mjs'
import { reasonOf } from './npm-reason.mjs'
import { SetUpError } from './set-up-error.mjs'

/** @import { Context } from './context.mjs' */
/** @import { Step } from './step-runner.mjs' */

/** A street photo with people; of the package (MIT), nothing else is used and nothing runs. */
const source = {
  package: 'libreyolo-web@0.0.6',
  member: 'package/assets/parkour.jpg',
  sha256: 'e26f60ba851214bd01b03a20cd4d019018450bdf4633a69594082d5e05db63eb',
}
const fetchLimitMs = 120_000

/**
 * The photo on which the server tries its detector before it says that it is ready.
 * @param {Context} context
 * @returns {Step}
 */
export function photo(context) {
  const path = join(context.data, 'self-test', 'parkour.jpg')
  const text = `self-test photo at ${path}`
  return {
    name: 'self-test photo',
    async check() {
      return sha256OfFile(path) === source.sha256 ? text : null
    },
    async make() {
      const { sha256 } = source
      await placeFile(context, { path, sha256, fetch: (folder) => fetchPhoto(context, folder) })
      return text
    },
  }
}

/**
 * @param {Context} context
 * @param {string} folder
 */
async function fetchPhoto({ children, env }, folder) {
  const options = { env, cwd: folder, timeoutMs: fetchLimitMs }
  const flags = ['--ignore-scripts', '--silent', '--prefer-offline']
  const packed = await children.run('npm', ['pack', source.package, ...flags], options)
  if (packed.code !== 0) throw new SetUpError(reasonOf(packed.code, packed.stderr + packed.stdout))
  const archive = packed.stdout.trim().split('\n').at(-1) ?? ''
  const unpacked = await children.run('tar', ['-xzf', archive, source.member], options)
  if (unpacked.code !== 0)
    throw new SetUpError(`cannot unpack ${source.package} with tar: ${unpacked.stderr.trim()}`)
  return join(folder, source.member)
}
