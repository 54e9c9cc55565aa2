import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { copyFile, link, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'

/** What a process that was killed leaves beside a file; the next write of the file replaces it. */
export const partSuffix = '.part'

/**
 * A reader sees the old file, the new one or none, never a part: a rename within a folder is atomic. The folder is made.
 * A file that has the content already is left alone, with its time. Rejects with the system's error.
 */
export async function writeFileAtomically(
  path: string,
  content: string | Uint8Array,
): Promise<'written' | 'stood'> {
  const bytes = typeof content === 'string' ? Buffer.from(content) : Buffer.from(content)
  if ((await readFileIfThere(path))?.equals(bytes) === true) return 'stood'
  await mkdir(dirname(path), { recursive: true })
  await replaceBy(path, (part) => writeFile(part, bytes))
  return 'written'
}

/**
 * The same bytes under another name: a hard link where the file system can, else a copy, placed atomically. Nobody
 * may write into such files: programs that replace files by renaming, as all of ours do, keep the other name's bytes.
 */
export async function placeFileAtomically(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true })
  await replaceBy(to, async (part) => {
    await rm(part, { force: true })
    // Across file systems, or where links are refused.
    await link(from, part).catch(() => copyFile(from, part))
  })
}

/** Null where there is no such file. */
export async function readFileIfThere(path: string): Promise<Buffer | null> {
  try {
    return await readFile(path)
  } catch (error) {
    if (isAbsence(error)) return null
    throw error
  }
}

/** Bytes of the file; null where there is none. */
export async function sizeIfThere(path: string): Promise<number | null> {
  try {
    const info = await stat(path)
    return info.isFile() ? info.size : null
  } catch (error) {
    if (isAbsence(error)) return null
    throw error
  }
}

/** Lower-case hexadecimal. */
export function sha256Of(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}

/** The same of a file of any size, in 1 MiB steps. */
export async function sha256OfFile(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256')
  const stream = createReadStream(path, {
    highWaterMark: 1 << 20,
    ...(signal !== undefined && { signal }),
  })
  for await (const chunk of stream) hash.update(chunk)
  return hash.digest('hex')
}

/** The error says that there is no file at the path. */
export function isAbsence(error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error)) return false
  return error.code === 'ENOENT' || error.code === 'ENOTDIR'
}

async function replaceBy(path: string, write: (part: string) => Promise<void>): Promise<void> {
  const part = `${path}${partSuffix}`
  try {
    await write(part)
    // Two names of one file: rename(2) does nothing then, and would leave the part.
    await rename(part, path)
    await rm(part, { force: true })
  } catch (error) {
    await rm(part, { force: true })
    throw error
  }
}
