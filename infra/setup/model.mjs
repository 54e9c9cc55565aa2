import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { nodeOf } from './context.mjs'
import { fingerprint } from './files.mjs'
import { SetUpError } from './set-up-error.mjs'
import { readStamp, writeStamp } from './stamp.mjs'

/** @import { Context } from './context.mjs' */
/** @import { Step } from './step-runner.mjs' */

/** Through pip on a slow line. */
const prepareLimitMs = 10 * 60_000

/**
 * The default detector and its card, by `pipeline/prepare-models.ts`, which checks the hashes.
 * @param {Context} context
 * @returns {Step}
 */
export function model(context) {
  const folder = join(context.data, 'models')
  const stampPath = join(context.data, 'setup', 'model.json')
  const text = `model YOLOX-Nano in ${folder}`
  const sources = () =>
    fingerprint(context.root, ['config/models', 'pipeline', 'gpu/model-card.ts'])
  return {
    name: 'model',
    async check() {
      const files = ['yolox-nano.onnx', 'yolox-nano.json'].map((name) => join(folder, name))
      return files.every(existsSync) && readStamp(stampPath)['sources'] === sources() ? text : null
    },
    async make({ ready }) {
      const made = sources()
      await ready('Node packages')
      const script = join(context.root, 'pipeline', 'prepare-models.ts')
      const { env } = context
      const { code, stderr } = await context.children.run(
        nodeOf(context),
        [script, '--out', folder, '--quiet'],
        { env, cwd: context.root, timeoutMs: prepareLimitMs },
      )
      if (code !== 0)
        throw new SetUpError(stderr.trim().replace(/^prepare-models: /, '') || `exit code ${code}`)
      writeStamp(stampPath, { sources: made })
      return text
    },
  }
}
