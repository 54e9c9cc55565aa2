import { z } from 'zod'
import { partSuffix, readFileIfThere, writeFileAtomically } from '#std/atomic-file.ts'

const noteSchema = z.strictObject({
  url: z.string(),
  /** For `If-Range`: a strong ETag, else Last-Modified; null: no two answers can be joined. */
  validator: z.string().nullable(),
  etag: z.string().nullable(),
  /** Of the whole file. */
  bytes: z.int().nullable(),
})

/** What a part of a file is a part of; lies beside it. */
export type PartNote = z.infer<typeof noteSchema>

/** Null where there is none, or one of another address: the part is worth nothing then. */
export async function readPartNote(path: string, url: string): Promise<PartNote | null> {
  const bytes = await readFileIfThere(`${path}${partSuffix}.json`)
  if (bytes === null) return null
  try {
    const note = noteSchema.parse(JSON.parse(bytes.toString()))
    return note.url === url ? note : null
  } catch {
    // Of another version of the program, or written by hand.
    return null
  }
}

export async function writePartNote(path: string, note: PartNote): Promise<void> {
  await writeFileAtomically(`${path}${partSuffix}.json`, `${JSON.stringify(note)}\n`)
}
