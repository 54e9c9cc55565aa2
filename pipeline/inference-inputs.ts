import { stat } from 'node:fs/promises'
import { basename, join, relative, resolve } from 'node:path'
import { filesBelow, pictureEnding } from '#datasets/folder-listing.ts'
import { isAbsence } from '#std/atomic-file.ts'
import { redactSecrets } from '#std/redact.ts'
import { StageError } from './stage-error.ts'

export interface InputFile {
  /** Relative to the folder that was given, with `/`; of a single file its name. */
  readonly name: string
  /** Absolute. */
  readonly path: string
}

/** What `infer --in` means. */
export type InferenceInputs =
  | { readonly kind: 'stream'; readonly url: string }
  | {
      readonly kind: 'files'
      readonly pictures: readonly InputFile[]
      readonly videos: readonly InputFile[]
      /** In the folder, and neither. */
      readonly others: number
    }

/** What cameras and phones record as; any other file is tried as a video where it is given by itself. */
const videoEnding =
  /\.(mp4|m4v|mov|mkv|webm|avi|ts|mts|m2ts|mpe?g|flv|wmv|3gp|h264|264|h265|hevc)$/i

/**
 * `out`: where results go, whose own pictures and videos are no input. Throws StageError `input_missing` or `usage`.
 */
export async function inferenceInputs(
  typed: string,
  { out }: { readonly out: string | null },
): Promise<InferenceInputs> {
  if (/^rtsp:\/\//i.test(typed)) return { kind: 'stream', url: typed }
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(typed))
    throw new StageError(
      'usage',
      `of addresses only rtsp:// is read, not ${redactSecrets(typed)}; download it first`,
    )
  const path = resolve(typed)
  if (await isFolder(path)) return folderInputs(path, out)
  const file = { name: basename(path), path }
  const isPicture = pictureEnding.test(path)
  return {
    kind: 'files',
    pictures: isPicture ? [file] : [],
    videos: isPicture ? [] : [file],
    others: 0,
  }
}

async function folderInputs(folder: string, out: string | null): Promise<InferenceInputs> {
  const own = out === null ? null : relative(folder, out).replaceAll('\\', '/')
  const isOwn = (name: string): boolean =>
    own !== null && own !== '' && (name === own || name.startsWith(`${own}/`))
  const all = (await filesBelow(folder)).filter((name) => !isOwn(name))
  const files = all.map((name) => ({ name, path: join(folder, name) }))
  const pictures = files.filter(({ name }) => pictureEnding.test(name))
  const videos = files.filter(({ name }) => videoEnding.test(name))
  if (pictures.length + videos.length === 0)
    throw new StageError('input_missing', `there is no picture and no video in ${folder}`)
  return { kind: 'files', pictures, videos, others: all.length - pictures.length - videos.length }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory()
  } catch (cause) {
    if (isAbsence(cause)) throw new StageError('input_missing', `there is no ${path}`, { cause })
    throw cause
  }
}
