import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { StageError } from '#pipeline/stage-error.ts'
import { sha256Of, sha256OfFile, sizeIfThere } from '#std/atomic-file.ts'

const sha256 = z.string().regex(/^[0-9a-f]{64}$/)

/** What exactly a dataset is, for the lineage of a model; `dataset.lock.json`, written after everything else. */
export const datasetLockSchema = z.strictObject({
  version: z.literal(1),
  name: z.string(),
  licence: z.string(),
  /** Over pictures and labels; the same wherever they lie. */
  root: sha256,
  /** Over every file of the folder but this one. */
  files: sha256,
  classes: z.array(z.string()),
  imagesBySplit: z.record(z.string(), z.int()),
  sources: z.array(
    z.strictObject({
      name: z.string(),
      kind: z.string(),
      licence: z.string(),
      images: z.int(),
      root: sha256,
    }),
  ),
})
export type DatasetLock = z.infer<typeof datasetLockSchema>

export const lockName = 'dataset.lock.json'

/** One hash over names and contents of files in a folder. */
export async function filesHash(folder: string, names: readonly string[]): Promise<string> {
  const lines: string[] = []
  for (const name of names) {
    const isHere = (await sizeIfThere(join(folder, name))) !== null
    lines.push(`${name} ${isHere ? await sha256OfFile(join(folder, name)) : 'absent'}\n`)
  }
  return sha256Of(lines.join(''))
}

/**
 * The lock of a processed dataset, its files held against it. Throws StageError `input_missing` without one,
 * `input_invalid` where a file is not what it was.
 */
export async function readDatasetLock(
  folder: string,
  names: readonly string[],
): Promise<DatasetLock> {
  const path = join(folder, lockName)
  if ((await sizeIfThere(path)) === null)
    throw new StageError('input_missing', `${folder} holds no ${lockName}`)
  const result = datasetLockSchema.safeParse(JSON.parse(await readFile(path, 'utf8')))
  if (!result.success) throw new StageError('input_invalid', `${path} is no lock of a dataset`)
  if ((await filesHash(folder, names)) !== result.data.files)
    throw new StageError(
      'input_invalid',
      `${folder} is not what ${lockName} says: a file was changed, added or removed; ` +
        'run preprocess-datasets again',
    )
  return result.data
}
