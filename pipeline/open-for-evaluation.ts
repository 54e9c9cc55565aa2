import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Model, openModel } from '#gpu/model.ts'
import { readModelCard } from '#gpu/model-files.ts'
import type { Clock } from '#std/clock.ts'
import type { ModelPaths } from './model-paths.ts'

/** Where YOLOX's own evaluation cuts, too. */
export const evaluationScoreMin = 0.01
/** A picture of a crowd has 100 boxes of a class that count, and there are 80 classes. */
const detectionsMax = 1000

export interface EvaluationModelOptions extends ModelPaths {
  /** The card's own where null. */
  readonly scoreMin: number | null
  readonly executionProviders: readonly string[]
  readonly intraOpThreads: number
  readonly clock: Clock
}

/**
 * The serving model with everything as it serves, prologue, head and suppression, but for the score from which boxes
 * are told: precision over recall needs the doubtful ones, too. Rejects with ModelError.
 */
export async function openForEvaluation(options: EvaluationModelOptions): Promise<Model> {
  const card = await readModelCard(options.cardPath)
  if (options.scoreMin === null) return openModel(options)
  const folder = await mkdtemp(join(tmpdir(), 'sightline-evaluate-'))
  try {
    const thresholds = { ...card.thresholds, score: options.scoreMin, detectionsMax }
    const cardPath = join(folder, 'card.json')
    await writeFile(cardPath, JSON.stringify({ ...card, thresholds }))
    return await openModel({ ...options, cardPath })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
