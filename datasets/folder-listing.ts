import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { StageError } from '#pipeline/stage-error.ts'
import { isAbsence } from '#std/atomic-file.ts'
import { byCodePoints } from './dataset.ts'

/** Names of the files in a folder, in the order of their code points. Throws StageError `input_missing`. */
export async function filesIn(folder: string, ending: RegExp): Promise<readonly string[]> {
  const files = await filesInIfThere(folder, ending)
  if (files === null) throw new StageError('input_missing', `there is no folder ${folder}`)
  return files
}

/** Null where there is no such folder. */
export async function filesInIfThere(
  folder: string,
  ending: RegExp,
): Promise<readonly string[] | null> {
  try {
    const entries = await readdir(folder, { withFileTypes: true })
    return entries
      .filter((entry) => !entry.isDirectory() && ending.test(entry.name))
      .map(({ name }) => name)
      .sort(byCodePoints)
  } catch (error) {
    if (isAbsence(error)) return null
    throw error
  }
}

/** Paths of all files below a folder, relative to it, with `/`; none where there is no such folder. */
export async function filesBelow(folder: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true, recursive: true })
    return entries
      .filter((entry) => !entry.isDirectory())
      .map((entry) =>
        join(entry.parentPath, entry.name)
          .slice(folder.length + 1)
          .replaceAll('\\', '/'),
      )
      .sort(byCodePoints)
  } catch (error) {
    if (isAbsence(error)) return []
    throw error
  }
}

export const pictureEnding = /\.(png|jpe?g)$/i

/** `000003` of `000003.png`. */
export function idOf(name: string): string {
  return name.replace(/\.[^.]*$/, '')
}
