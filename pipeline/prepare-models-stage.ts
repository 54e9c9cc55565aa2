import { join } from 'node:path'
import { prepareModel, readCatalogueCard } from './prepare-models.ts'
import type { Stage } from './stage.ts'

/** Weights -> the ONNX file that serves and its card. */
export const prepareModelsStage: Stage = {
  name: 'prepare-models',
  summary: 'fetches weights by their sha256 and makes the ONNX file that serves',
  operands: 'NAME...',
  options: {},
  async run({ arguments: given, dataDir, progress }) {
    const dir = given.path('out') ?? join(dataDir, 'models')
    const names = given.operands.length === 0 ? ['yolox-nano'] : given.operands
    const document = []
    const lines = []
    for (const name of names) {
      const card = await readCatalogueCard(name)
      const { prepared } = await prepareModel({ card, dir, onLine: progress.note })
      document.push({ name, file: join(dir, card.file), sha256: prepared.sha256 })
      lines.push(`${name}: ${join(dir, card.file)}`)
    }
    return { verdict: 'done', document, lines }
  },
}
