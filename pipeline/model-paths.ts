import { existsSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { StageError } from './stage-error.ts'

/** A prepared model and its card. */
export interface ModelPaths {
  readonly modelPath: string
  readonly cardPath: string
}

/**
 * `asked`: the name of a prepared model in `<data>/models`, or the path of a prepared .onnx file that has its card
 * beside it, `NAME.json`. Throws StageError `input_missing`.
 */
export function modelPathsOf(asked: string, dataDir: string): ModelPaths {
  const modelPath = asked.endsWith('.onnx')
    ? resolve(asked)
    : join(dataDir, 'models', `${asked}.onnx`)
  const cardPath = join(dirname(modelPath), `${basename(modelPath, '.onnx')}.json`)
  for (const path of [modelPath, cardPath])
    if (!existsSync(path))
      throw new StageError(
        'input_missing',
        `there is no ${path}; “npm run pipeline -- prepare-models” prepares the catalogue's models`,
      )
  return { modelPath, cardPath }
}
