import { readFile } from 'node:fs/promises'
import { type CatalogueCard, catalogueCardSchema } from '#gpu/model-card.ts'
import { messageOf } from '#std/coded-error.ts'
import { PrepareError } from './prepare-error.ts'

/** A card of `config/models`. Throws PrepareError `card_invalid`, also where there is none of this name. */
export async function readCatalogueCard(name: string): Promise<CatalogueCard> {
  const result = catalogueCardSchema.safeParse(await readJson(name))
  if (result.success) return result.data
  const issue = result.error.issues[0]
  throw new PrepareError(
    'card_invalid',
    `config/models/${name}.json: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`,
  )
}

async function readJson(name: string): Promise<unknown> {
  try {
    const path = new URL(`../config/models/${name}.json`, import.meta.url)
    return JSON.parse(await readFile(path, 'utf8'))
  } catch (cause) {
    throw new PrepareError(
      'card_invalid',
      `the catalogue has no model ${name} (config/models/${name}.json): ${messageOf(cause)}`,
      { cause },
    )
  }
}
