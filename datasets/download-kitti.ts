import { statfs } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { StageError } from '#pipeline/stage-error.ts'
import type { Stage, StageContext } from '#pipeline/stage.ts'
import { placeFileAtomically, sha256OfFile, sizeIfThere } from '#std/atomic-file.ts'
import { messageOf } from '#std/coded-error.ts'
import { type Downloaded, download } from './download.ts'
import { type ArchiveRecord, ArchiveRecords } from './archive-records.ts'
import {
  type KittiArchive,
  kittiArchives,
  kittiLicence,
  kittiLicenceText,
  kittiMirror,
  type KittiPart,
  kittiParts,
} from './kitti-archives.ts'
import { asStageError } from './output-folder.ts'
import { ZipArchive } from './zip-archive.ts'

/** The benchmark's archives -> datasets/raw/kitti/, each held against its checksums. */
export const downloadKittiStage: Stage = {
  name: 'download-kitti',
  summary: 'fetches the KITTI object archives (12 GB), goes on where it was cut off, checks them',
  options: {
    'accept-license': { type: 'boolean', help: `you accept ${kittiLicence}` },
    mirror: { type: 'string', value: 'URL', default: kittiMirror, help: 'where the archives are' },
    parts: {
      type: 'string',
      value: 'LIST',
      default: 'devkit,label_2,image_2',
      help: `comma-separated, of ${kittiParts.join(', ')}`,
    },
    'accept-changed': {
      type: 'boolean',
      help: 'take an archive whose sha256 is not the recorded one',
    },
  },
  async run(context) {
    const { arguments: given, dataDir } = context
    const parts = partsOf(given.text('parts') ?? '')
    await acceptLicence(context)
    const records = await downloadKitti({
      ...context,
      out: given.path('out') ?? join(dataDir, 'datasets', 'raw', 'kitti'),
      from: given.path('in'),
      mirror: given.requiredText('mirror'),
      parts,
      mayChange: given.isSet('accept-changed'),
    })
    const lines = records.map(
      ({ file, bytes, sha256 }) => `${file}: ${bytes} bytes, sha256 ${sha256}`,
    )
    return { verdict: 'done', document: { licence: kittiLicence, archives: records }, lines }
  },
}

export interface DownloadKittiOptions extends Pick<StageContext, 'clock' | 'signal' | 'progress'> {
  readonly out: string
  /** A folder that has the archives already; they are linked or copied from there. Null: over the network. */
  readonly from: string | null
  /** Address without the file's name. */
  readonly mirror: string
  readonly parts: readonly KittiPart[]
  readonly mayChange: boolean
  /** Bytes free in a folder; the file system's answer where absent. */
  readonly freeBytes?: (folder: string) => Promise<number>
}

/** The stage without its command line and its question. Throws StageError. */
export async function downloadKitti(
  options: DownloadKittiOptions,
): Promise<readonly ArchiveRecord[]> {
  const records = await ArchiveRecords.open(options.out)
  const done: ArchiveRecord[] = []
  for (const archive of kittiArchives.filter(({ part }) => options.parts.includes(part)))
    done.push(await getArchive(archive, records, options))
  return done
}

async function getArchive(
  archive: KittiArchive,
  records: ArchiveRecords,
  options: DownloadKittiOptions,
): Promise<ArchiveRecord> {
  const { file } = archive
  const { out, from, progress, signal } = options
  const path = join(out, file)
  const known = records.of(file)
  if (known !== null && (await isSame(path, known, signal))) {
    progress.note(`${file}: is here, sha256 as recorded`)
    return known
  }
  const check = (candidate: string, found: Downloaded): Promise<void> =>
    checkArchive(candidate, { ...options, found, known })
  const record =
    // Put there by hand, or killed before it was recorded.
    from === null && (await sizeIfThere(path)) === null
      ? await fetchArchive(archive, path, { ...options, check })
      : await takeFile(archive, path, { ...options, check })
  await records.put(record)
  return record
}

type Check = (candidate: string, found: Downloaded) => Promise<void>

async function takeFile(
  { file }: KittiArchive,
  path: string,
  options: DownloadKittiOptions & { readonly check: Check },
): Promise<ArchiveRecord> {
  const from = options.from === null ? path : resolve(options.from, file)
  const bytes = await sizeIfThere(from)
  if (bytes === null) throw new StageError('input_missing', `there is no ${from}`)
  const found = { bytes, sha256: await sha256OfFile(from, options.signal), etag: null }
  await options.check(from, found)
  if (from !== path) await bring(from, path)
  return { file, source: 'file', ...found }
}

async function fetchArchive(
  { file, sizeText }: KittiArchive,
  path: string,
  options: DownloadKittiOptions & { readonly check: Check },
): Promise<ArchiveRecord> {
  const { progress } = options
  const url = `${options.mirror.replace(/\/+$/, '')}/${file}`
  progress.note(`${file}: about ${sizeText} from ${url}`)
  const found = await download({
    ...options,
    url,
    path,
    fetch: (address, init) => fetch(address, init),
    freeBytes: options.freeBytes ?? freeBytesOf,
    onProgress: (done, total) =>
      progress.step(file, done / 1e6, total === null ? null : total / 1e6, 'MB'),
    onNote: (line) => progress.note(`${file}: ${line}`),
  })
  return { file, source: url, ...found }
}

async function bring(from: string, to: string): Promise<void> {
  try {
    await placeFileAtomically(from, to)
  } catch (cause) {
    throw asStageError(cause, to)
  }
}

/** The recorded hash, and every member's checksum: a server's error page or a flipped bit ends here. */
async function checkArchive(
  path: string,
  options: Pick<DownloadKittiOptions, 'mayChange' | 'signal' | 'progress'> & {
    readonly found: Downloaded
    readonly known: ArchiveRecord | null
  },
): Promise<void> {
  const { found, known } = options
  if (known !== null && known.sha256 !== found.sha256 && !options.mayChange)
    throw new StageError(
      'download_changed',
      `${path} has sha256 ${found.sha256}, not ${known.sha256} as recorded at its first use; ` +
        '--accept-changed takes it',
    )
  using zip = await ZipArchive.open(path)
  for (const [index, member] of zip.members.entries()) {
    options.signal.throwIfAborted()
    await zip.check(member)
    options.progress.step('checking', index + 1, zip.members.length, 'files')
  }
}

async function isSame(path: string, record: ArchiveRecord, signal: AbortSignal): Promise<boolean> {
  if ((await sizeIfThere(path)) !== record.bytes) return false
  return (await sha256OfFile(path, signal)) === record.sha256
}

async function acceptLicence({ arguments: given, confirm, progress }: StageContext): Promise<void> {
  if (given.isSet('accept-license')) return
  progress.warn(kittiLicenceText)
  // --yes answers questions of convenience; a licence wants its own word.
  if (!given.isSet('yes') && (await confirm('Do you accept this licence?'))) return
  throw new StageError(
    'licence_not_accepted',
    `KITTI comes under ${kittiLicence}: say --accept-license to accept it`,
  )
}

function partsOf(text: string): readonly KittiPart[] {
  return text.split(',').map((word) => {
    const part = kittiParts.find((each) => each === word.trim())
    if (part === undefined)
      throw new StageError('usage', `--parts: “${word}” is none of ${kittiParts.join(', ')}`)
    return part
  })
}

async function freeBytesOf(folder: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(folder)
    return bavail * bsize
  } catch (cause) {
    throw new StageError('folder_unwritable', `${folder}: ${messageOf(cause)}`, { cause })
  }
}
