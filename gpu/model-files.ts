import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { messageOf } from '#std/coded-error.ts'
import { type ModelCard, modelCardSchema } from './model-card.ts'
import { ModelError } from './model-error.ts'

/** The card beside a prepared model. Throws ModelError `model_missing` or `card_invalid`. */
export async function readModelCard(path: string): Promise<ModelCard> {
  const text = await readOrThrow(path, 'card')
  const result = modelCardSchema.safeParse(parseJson(text.toString('utf8'), path))
  if (result.success) return result.data
  const issue = result.error.issues[0]
  throw new ModelError(
    'card_invalid',
    `model card ${path}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}`,
  )
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new ModelError('card_invalid', `model card ${path}: ${messageOf(cause)}`, { cause })
  }
}

/** The bytes that the card describes. Throws ModelError `model_missing` or `model_altered`. */
export async function readModelFile(path: string, card: ModelCard): Promise<Uint8Array> {
  const bytes = await readOrThrow(path, 'file')
  const found = createHash('sha256').update(bytes).digest('hex')
  const { sha256 } = card.prepared.engine ?? card.prepared
  if (found === sha256) return bytes
  throw new ModelError(
    'model_altered',
    `model file ${path} is not the one that its card describes: sha256 ${found.slice(0, 12)}… instead of ` +
      `${sha256.slice(0, 12)}…; delete it and start again`,
  )
}

async function readOrThrow(path: string, what: 'card' | 'file'): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (cause) {
    const isAbsent = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT'
    const sentence = isAbsent
      ? `model ${what} ${path} is missing; “npm start” prepares it`
      : `model ${what} ${path} cannot be read: ${messageOf(cause)}`
    throw new ModelError('model_missing', sentence, { cause })
  }
}
