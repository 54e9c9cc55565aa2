import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { StageError } from '#pipeline/stage-error.ts'
import type { StageContext } from '#pipeline/stage.ts'
import { sha256OfFile, sizeIfThere } from '#std/atomic-file.ts'
import { filesInIfThere } from './folder-listing.ts'
import { type KittiArchive, kittiArchives } from './kitti-archives.ts'
import type { OutputFolder } from './output-folder.ts'
import { ZipArchive, type ZipMember } from './zip-archive.ts'

/** Frames with labels, and the mapping of frames to drives; the test frames have no labels and are left out. */
const wanted = [
  /^training\/(image_2|label_2|calib)\/\d{6}\.(png|jpe?g|txt)$/,
  /^mapping\/(train_mapping|train_rand)\.txt$/,
]

export interface UnpackOptions extends Pick<StageContext, 'signal' | 'progress'> {
  /** With archives, or with training/ in it. */
  readonly folder: string
  readonly into: OutputFolder
}

/** Puts the frames below `into`, from archives or an unpacked benchmark. Throws StageError. */
export async function unpackKitti(options: UnpackOptions): Promise<void> {
  const zips = (await filesInIfThere(options.folder, /\.zip$/)) ?? []
  const archives = kittiArchives.filter(({ file }) => zips.includes(file))
  for (const archive of archives) await unpack(archive, options)
  const isUnpacked = await linkUnpacked(options)
  if (archives.length === 0 && !isUnpacked)
    throw new StageError(
      'input_missing',
      `${options.folder} holds neither ${kittiArchives.map(({ file }) => file).join(', ')} nor training/`,
    )
}

async function unpack({ file, part }: KittiArchive, options: UnpackOptions): Promise<void> {
  const { folder, into, signal, progress } = options
  using zip = await ZipArchive.open(join(folder, file))
  const members = zip.members.flatMap((member) => {
    // The devkit was packed with its folder by some, without it by others.
    const name = member.name.replace(/^(devkit_object|object)\//, '')
    return wanted.some((pattern) => pattern.test(name)) ? [{ member, name }] : []
  })
  for (const [index, { member, name }] of members.entries()) {
    signal.throwIfAborted()
    if (await stands(join(into.path, name), member)) into.keep(name)
    else await into.write(name, await zip.read(member))
    progress.step(`unpacking ${part}`, index + 1, members.length, 'files')
  }
}

/** What a run before this one unpacked whole. */
async function stands(path: string, { bytes, crc }: ZipMember): Promise<boolean> {
  if ((await sizeIfThere(path)) !== bytes) return false
  return crc32(await readFile(path)) === crc
}

async function linkUnpacked({ folder, into, signal }: UnpackOptions): Promise<boolean> {
  let count = 0
  for (const inner of ['training/image_2', 'training/label_2', 'training/calib', 'mapping'])
    for (const file of (await filesInIfThere(join(folder, inner), /./)) ?? []) {
      signal.throwIfAborted()
      const name = `${inner}/${file}`
      if (!wanted.some((pattern) => pattern.test(name))) continue
      const path = join(folder, name)
      await into.place(name, { path, sha256: await sha256OfFile(path) })
      count += 1
    }
  return count > 0
}
