import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { StageError } from '#pipeline/stage-error.ts'
import {
  partSuffix,
  placeFileAtomically,
  readFileIfThere,
  sha256OfFile,
  sizeIfThere,
  writeFileAtomically,
} from '#std/atomic-file.ts'
import { messageOf } from '#std/coded-error.ts'
import { filesBelow } from './folder-listing.ts'

/** In every folder that a stage made: says which one, and so that it may take away what it finds in there. */
const markName = '.made-by'

/**
 * A folder that one stage owns. After `finish` it holds exactly what was put into it since `open`, whatever an earlier
 * run, killed or with other settings, had left.
 */
export class OutputFolder {
  readonly path: string
  readonly #kept = new Set<string>([markName])

  private constructor(path: string) {
    this.path = path
  }

  /** Throws StageError where the folder holds something that this stage did not make, or cannot be written. */
  static async open(path: string, stage: string): Promise<OutputFolder> {
    try {
      await mkdir(path, { recursive: true })
      const mark = await readFileIfThere(join(path, markName))
      const maker = mark?.toString().trim() ?? null
      const names = await readdir(path)
      if (maker === null && names.some((name) => name !== `${markName}${partSuffix}`))
        throw new StageError('input_invalid', `${path} is not empty: name a new folder with --out`)
      if (maker !== null && maker !== stage)
        throw new StageError('input_invalid', `${path} was made by ${maker}: name another --out`)
      await writeFileAtomically(join(path, markName), `${stage}\n`)
      return new OutputFolder(path)
    } catch (cause) {
      throw asStageError(cause, path)
    }
  }

  /** `name` is relative, with `/`. */
  async write(name: string, content: string | Uint8Array): Promise<void> {
    this.#kept.add(name)
    try {
      await writeFileAtomically(join(this.path, name), content)
    } catch (cause) {
      throw asStageError(cause, join(this.path, name))
    }
  }

  async writeJson(name: string, document: unknown): Promise<void> {
    await this.write(name, `${JSON.stringify(document, null, 2)}\n`)
  }

  /** The same bytes as another file's, without a copy where the file system can. */
  async place(
    name: string,
    from: { readonly path: string; readonly sha256: string },
  ): Promise<void> {
    this.#kept.add(name)
    const to = join(this.path, name)
    try {
      const isSameSize = (await sizeIfThere(to)) === (await sizeIfThere(from.path))
      if (isSameSize && (await sha256OfFile(to)) === from.sha256) return
      await placeFileAtomically(from.path, to)
    } catch (cause) {
      throw asStageError(cause, to)
    }
  }

  /** Keeps a file that stands already. */
  keep(name: string): void {
    this.#kept.add(name)
  }

  /** Takes away what nobody put there since `open`; names of what is left, without the mark. */
  async finish(): Promise<readonly string[]> {
    for (const name of await filesBelow(this.path))
      if (!this.#kept.has(name)) await rm(join(this.path, name), { force: true })
    this.#kept.delete(markName)
    return [...this.#kept].sort()
  }
}

/** The system's reasons, in a person's words; anything else as it is. */
export function asStageError(cause: unknown, path: string): unknown {
  if (!(cause instanceof Error) || !('code' in cause) || cause instanceof StageError) return cause
  switch (cause.code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new StageError('disk_full', `the disk is full: ${path}`, { retryable: true, cause })
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
    case 'EEXIST':
    case 'ENOTDIR':
      return new StageError('folder_unwritable', `cannot write ${path}: ${messageOf(cause)}`, {
        cause,
      })
    default:
      return cause
  }
}
