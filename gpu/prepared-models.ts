import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf } from '#std/coded-error.ts'
import type { ModelCard } from './model-card.ts'
import { readModelCard } from './model-files.ts'

export interface PreparedModel {
  readonly card: ModelCard
  readonly modelPath: string
  readonly cardPath: string
}

export interface PreparedModels {
  /** By name. */
  readonly models: readonly PreparedModel[]
  /** Cards that cannot be read, or whose file is not there: one sentence each. */
  readonly refused: readonly { readonly cardPath: string; readonly reason: string }[]
}

/** What lies prepared in a folder. Hashes are not checked: that is for whoever opens one. Never throws. */
export async function listPreparedModels(folder: string): Promise<PreparedModels> {
  const names = await namesIn(folder)
  const models: PreparedModel[] = []
  const refused: { cardPath: string; reason: string }[] = []
  for (const name of names.filter((each) => each.endsWith('.json')).sort()) {
    const cardPath = join(folder, name)
    try {
      const card = await readModelCard(cardPath)
      if (`${card.name}.json` !== name)
        refused.push({ cardPath, reason: `the card is of another model, ${card.name}` })
      else if (names.includes(card.file))
        models.push({ card, cardPath, modelPath: join(folder, card.file) })
      else refused.push({ cardPath, reason: `its file ${card.file} is missing` })
    } catch (error) {
      refused.push({ cardPath, reason: messageOf(error) })
    }
  }
  return { models, refused }
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder)
  } catch {
    // No folder, no models: set-up makes it with the first one.
    return []
  }
}
