import { join } from 'node:path'
import { z } from 'zod'
import { readFileIfThere, writeFileAtomically } from '#std/atomic-file.ts'
import { invalidFile } from './dataset-error.ts'

const recordSchema = z.strictObject({
  file: z.string(),
  /** The address it came from; `file` where it was put there. */
  source: z.string(),
  bytes: z.int(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  etag: z.string().nullable(),
})
export type ArchiveRecord = z.infer<typeof recordSchema>

const name = 'archives.json'

/** What was downloaded, with the sha256 of its first use: the benchmark publishes none. */
export class ArchiveRecords {
  readonly #folder: string
  readonly #records: Map<string, ArchiveRecord>

  private constructor(folder: string, records: readonly ArchiveRecord[]) {
    this.#folder = folder
    this.#records = new Map(records.map((record) => [record.file, record]))
  }

  /** Throws StageError `input_invalid` where the file in the folder is no such list. */
  static async open(folder: string): Promise<ArchiveRecords> {
    const bytes = await readFileIfThere(join(folder, name))
    if (bytes === null) return new ArchiveRecords(folder, [])
    try {
      return new ArchiveRecords(folder, z.array(recordSchema).parse(JSON.parse(bytes.toString())))
    } catch {
      throw invalidFile(join(folder, name), 'is no list of archives; remove it to record anew')
    }
  }

  of(file: string): ArchiveRecord | null {
    return this.#records.get(file) ?? null
  }

  async put(record: ArchiveRecord): Promise<void> {
    this.#records.set(record.file, record)
    const sorted = [...this.#records.values()].sort((a, b) => (a.file < b.file ? -1 : 1))
    await writeFileAtomically(join(this.#folder, name), `${JSON.stringify(sorted, null, 2)}\n`)
  }
}
