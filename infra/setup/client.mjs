import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { nodeOf } from './context.mjs'
import { fingerprint } from './files.mjs'
import { SetUpError } from './set-up-error.mjs'
import { readStamp, writeStamp } from './stamp.mjs'

/** @import { Context } from './context.mjs' */
/** @import { Step } from './step-runner.mjs' */

const buildLimitMs = 5 * 60_000

/**
 * The viewer, built by Vite into client/dist.
 * @param {Context} context
 * @returns {Step}
 */
export function client(context) {
  const { root } = context
  const dist = join(root, 'client', 'dist')
  // Hidden, so that it is no file of the page; gone when Vite empties the folder.
  const stampPath = join(dist, '.built-from.json')
  const sources = () => fingerprint(root, ['client', 'protocol', 'package-lock.json'])
  const text = `viewer built in ${dist}`
  return {
    name: 'viewer',
    async check() {
      const isBuilt = existsSync(join(dist, 'index.html'))
      return isBuilt && readStamp(stampPath)['sources'] === sources() ? text : null
    },
    async make({ ready }) {
      const built = sources()
      await ready('Node packages')
      rmSync(stampPath, { force: true })
      const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js')
      const config = join(root, 'client', 'vite.config.ts')
      const { code, stdout, stderr } = await context.children.run(
        nodeOf(context),
        [vite, 'build', '--config', config, '--logLevel', 'warn'],
        { env: { ...context.env, NODE_ENV: 'production' }, cwd: root, timeoutMs: buildLimitMs },
      )
      if (code !== 0) throw new SetUpError(`the viewer does not build:\n${stderr || stdout}`)
      writeStamp(stampPath, { sources: built })
      return text
    },
  }
}
