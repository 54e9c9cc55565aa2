import { readFile } from 'node:fs/promises'
import { StageError } from '#pipeline/stage-error.ts'
import { sha256Of } from '#std/atomic-file.ts'
import type { Findings } from './findings.ts'
import { inspectPicture, type PictureFacts } from './picture-file.ts'

/** Size, format and hash of a picture; null, and a finding, where it is broken. `shown` is its name for people. */
export async function readPicture(
  path: string,
  options: { readonly shown: string; readonly findings: Findings },
): Promise<(PictureFacts & { readonly sha256: string }) | null> {
  const bytes = await readFile(path)
  try {
    return { ...inspectPicture(bytes, options.shown), sha256: sha256Of(bytes) }
  } catch (error) {
    if (!(error instanceof StageError)) throw error
    options.findings.add('picture_unreadable', error.message)
    return null
  }
}
