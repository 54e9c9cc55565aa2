import { join } from 'node:path'
import { findFfmpeg } from '#server/decode/find-ffmpeg.ts'
import { readCatalogueCard } from './catalogue-card.ts'
import { ownModelOptions, readOwnModelOptions } from './own-model-options.ts'
import { prepareModel } from './prepare-models.ts'
import type { Stage } from './stage.ts'

/** Weights -> the ONNX file that serves and its card. */
export const prepareModelsStage: Stage = {
  name: 'prepare-models',
  summary: 'makes the ONNX file that serves, of the catalogue (fetched by sha256) or of your own',
  operands: 'NAME...',
  options: ownModelOptions,
  async run({
    arguments: given,
    dataDir,
    ffmpegPath: configuredPath,
    searchPath,
    clock,
    progress,
  }) {
    const dir = given.path('out') ?? join(dataDir, 'models')
    const own = readOwnModelOptions(given)
    if (own !== null) {
      const { prepareOwnModel } = await import('./prepare-own-model.ts')
      const { path: ffmpegPath } = await findFfmpeg({ configuredPath, searchPath })
      const photoDir = join(dataDir, 'self-test')
      const onLine = progress.note
      const card = await prepareOwnModel({ own, dir, photoDir, ffmpegPath, clock, onLine })
      const file = join(dir, card.file)
      const document = [{ name: card.name, file, sha256: card.prepared.sha256 }]
      return { verdict: 'done', document, lines: [`${card.name}: ${file}`] }
    }
    const names = given.operands.length === 0 ? ['yolox-nano'] : given.operands
    const document = []
    const lines = []
    for (const name of names) {
      const card = await readCatalogueCard(name)
      const { file, prepared } = await prepareModel({ card, dir, onLine: progress.note })
      document.push({ name, file: join(dir, file), sha256: prepared.sha256 })
      lines.push(`${name}: ${join(dir, file)}`)
    }
    return { verdict: 'done', document, lines }
  },
}
