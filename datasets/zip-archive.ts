import { crc32 } from 'node:zlib'
import { type Entry, openPromise, type ZipFile } from 'yauzl'
import { StageError } from '#pipeline/stage-error.ts'
import { messageOf } from '#std/coded-error.ts'

/** A frame is 1 MB; nothing in these archives comes near. */
const memberBytesMax = 256 * 1024 * 1024

export interface ZipMember {
  /** With `/`; never absolute and never with `..`: yauzl refuses those. */
  readonly name: string
  readonly bytes: number
  readonly crc: number
}

/** A zip file on disk. Everything rejects with StageError `input_invalid` where the archive is broken. */
export class ZipArchive implements Disposable {
  /** Files, in the order of the archive. */
  readonly members: readonly ZipMember[]
  readonly #entries: ReadonlyMap<ZipMember, Entry>
  readonly #zip: ZipFile
  readonly #path: string

  private constructor(zip: ZipFile, path: string, entries: readonly Entry[]) {
    this.#zip = zip
    this.#path = path
    this.#entries = new Map(
      entries
        .filter(({ fileName }) => !fileName.endsWith('/'))
        .map((entry) => [
          { name: entry.fileName, bytes: entry.uncompressedSize, crc: entry.crc32 },
          entry,
        ]),
    )
    this.members = [...this.#entries.keys()]
  }

  static async open(path: string): Promise<ZipArchive> {
    try {
      const zip = await openPromise(path, { lazyEntries: true, autoClose: false })
      return new ZipArchive(zip, path, await entriesOf(zip))
    } catch (cause) {
      throw broken(path, messageOf(cause), cause)
    }
  }

  /** The unpacked bytes, held against the archive's checksum. */
  async read(member: ZipMember): Promise<Buffer> {
    if (member.bytes > memberBytesMax)
      throw broken(this.#path, `${member.name} says that it has ${member.bytes} bytes`)
    const parts: Buffer[] = []
    await this.#each(member, (part) => parts.push(part))
    return Buffer.concat(parts)
  }

  /** The same without keeping them. */
  async check(member: ZipMember): Promise<void> {
    await this.#each(member, () => {})
  }

  [Symbol.dispose](): void {
    this.#zip.close()
  }

  async #each(member: ZipMember, take: (part: Buffer) => void): Promise<void> {
    const entry = this.#entries.get(member)
    if (entry === undefined) throw new TypeError(`${member.name} is of another archive`)
    let crc = 0
    try {
      for await (const part of await this.#zip.openReadStreamPromise(entry)) {
        if (!Buffer.isBuffer(part)) continue
        crc = crc32(part, crc)
        take(part)
      }
    } catch (cause) {
      throw broken(this.#path, `${member.name}: ${messageOf(cause)}`, cause)
    }
    if (crc !== member.crc) throw broken(this.#path, `the checksum of ${member.name} is wrong`)
  }
}

/** yauzl's types do not know its iterator. */
function entriesOf(zip: ZipFile): Promise<readonly Entry[]> {
  const entries: Entry[] = []
  return new Promise((resolve, reject) => {
    zip.on('error', reject)
    zip.on('end', () => resolve(entries))
    zip.on('entry', (entry: Entry) => {
      entries.push(entry)
      zip.readEntry()
    })
    zip.readEntry()
  })
}

function broken(path: string, why: string, cause?: unknown): StageError {
  return new StageError('input_invalid', `${path} is no whole zip archive: ${why}`, { cause })
}
