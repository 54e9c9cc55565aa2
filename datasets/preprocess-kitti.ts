import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { StageError } from '#pipeline/stage-error.ts'
import type { Stage, StageContext } from '#pipeline/stage.ts'
import { readFileIfThere } from '#std/atomic-file.ts'
import { filesIn, idOf, pictureEnding } from './folder-listing.ts'
import { drivesOf } from './kitti-drives.ts'
import { OutputFolder } from './output-folder.ts'
import { leaksOf, type Sides, splitAtRandom, splitByGroup } from './split-frames.ts'
import type { SplitFile } from './split-file.ts'
import { unpackKitti } from './unpack-kitti.ts'

export const splitKinds = ['drive', 'random', 'none'] as const
export type SplitKind = (typeof splitKinds)[number]

/** Archives, or an unpacked benchmark -> training/{image_2,label_2,calib}, mapping/, split.json. */
export const preprocessKittiStage: Stage = {
  name: 'preprocess-kitti',
  summary: 'unpacks the KITTI archives, puts the files in order and splits them by drive',
  options: {
    split: {
      type: 'string',
      value: splitKinds.join('|'),
      default: 'drive',
      help: 'drive: no drive on both sides; random leaks neighbours',
    },
    'val-share': { type: 'string', value: '0..1', default: '0.25', help: 'frames for validation' },
    seed: { type: 'string', value: 'NUMBER', default: '0', help: 'another split' },
    'train-list': {
      type: 'string',
      value: 'FILE',
      help: "somebody's split instead, such as Chen's 3,712 frames: ids, one a line",
    },
    'val-list': { type: 'string', value: 'FILE', help: 'and its other side' },
  },
  async run(context) {
    const { arguments: given, dataDir, signal, progress } = context
    const limits = { min: 0, max: Number.MAX_SAFE_INTEGER }
    const lists = [given.path('train-list'), given.path('val-list')]
    const [train, val] = lists
    if ((train === null) !== (val === null))
      throw new StageError('usage', '--train-list and --val-list go together')
    const result = await preprocessKitti({
      folder: given.path('in') ?? join(dataDir, 'datasets', 'raw', 'kitti'),
      out: given.path('out') ?? join(dataDir, 'datasets', 'processed', 'kitti-frames'),
      split: given.oneOf('split', splitKinds) ?? 'drive',
      lists: train && val ? { train, val } : null,
      valShare: given.number('val-share', { min: 0, max: 1 }) ?? 0.25,
      seed: given.number('seed', limits) ?? 0,
      signal,
      progress,
    })
    return {
      verdict: result.isLeakFree ? 'done' : 'failed',
      document: result,
      lines: linesOf(result),
    }
  },
}

export interface PreprocessKittiOptions extends Pick<StageContext, 'signal' | 'progress'> {
  readonly folder: string
  readonly out: string
  readonly split: SplitKind
  /** Paths of files with ids; go before `split`. */
  readonly lists: { readonly train: string; readonly val: string } | null
  readonly valShare: number
  readonly seed: number
}

export interface PreprocessReport {
  readonly frames: number
  readonly by: SplitFile['by'] | 'none'
  readonly train: number
  readonly val: number
  readonly drives: number
  readonly leaks: readonly string[]
  /** False where a split that promises to have no leak has one: a gate that failed. */
  readonly isLeakFree: boolean
}

/** The stage without its command line. Throws StageError. */
export async function preprocessKitti(options: PreprocessKittiOptions): Promise<PreprocessReport> {
  const into = await OutputFolder.open(options.out, 'preprocess-kitti')
  await unpackKitti({ ...options, into })
  const pictures = await filesIn(join(options.out, 'training', 'image_2'), pictureEnding)
  const ids = pictures.map(idOf)
  const groups = await readGroups(options.out, ids)
  const file = await splitFrames(options, ids, groups)
  if (file !== null) await into.writeJson('split.json', file)
  await into.finish()
  const counts = { frames: ids.length, drives: new Set(groups?.values()).size }
  if (file === null) return { ...counts, by: 'none', train: 0, val: 0, leaks: [], isLeakFree: true }
  const { by, leaks } = file
  if (by !== 'drive') warnOfLeaks(file, groups, options)
  const isLeakFree = by !== 'drive' || leaks.length === 0
  return { ...counts, by, train: file.train.length, val: file.val.length, leaks, isLeakFree }
}

async function splitFrames(
  options: PreprocessKittiOptions,
  ids: readonly string[],
  groups: ReadonlyMap<string, string> | null,
): Promise<SplitFile | null> {
  const make = (by: SplitFile['by'], sides: Sides): SplitFile => ({
    version: 1,
    by,
    seed: options.seed,
    train: [...sides.train],
    val: [...sides.val],
    ...(groups !== null && { groups: Object.fromEntries(groups) }),
    leaks: [...leaksOf(sides, groups ?? new Map())],
  })
  if (options.lists !== null) {
    const train = await readList(options.lists.train, ids)
    return make('lists', { train, val: await readList(options.lists.val, ids) })
  }
  if (options.split === 'none') return null
  if (options.split === 'random') return make('random', splitAtRandom(ids, options))
  if (groups === null)
    throw new StageError(
      'input_missing',
      'a split by drive needs the devkit (devkit_object.zip, or mapping/ beside training/); ' +
        'without it say --split none, or --split random and live with leaks',
    )
  return make('drive', splitByGroup(groups, options))
}

/** Null without the devkit's mapping; of the frames that are here. */
async function readGroups(
  out: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string> | null> {
  const names = ['train_mapping.txt', 'train_rand.txt']
  const files = await Promise.all(names.map((name) => readFileIfThere(join(out, 'mapping', name))))
  const [mapping, drawn] = files
  if (!mapping || !drawn) return null
  const all = drivesOf(mapping.toString(), drawn.toString())
  const groups = new Map<string, string>()
  for (const id of ids) {
    const drive = all.get(id)
    if (drive === undefined)
      throw new StageError('input_invalid', `training/image_2/${id}: not in the devkit's mapping`)
    groups.set(id, drive)
  }
  return groups
}

async function readList(path: string, ids: readonly string[]): Promise<readonly string[]> {
  const known = new Set(ids)
  const lines = (await readFile(path, 'utf8')).split(/\r?\n/)
  const found = lines.flatMap((line, index) => {
    const id = line.trim()
    if (id === '') return []
    if (!known.has(id))
      throw new StageError('input_invalid', `${path}:${index + 1}: there is no frame ${id}`)
    return [id]
  })
  return [...new Set(found)].sort()
}

function warnOfLeaks(
  { by, leaks }: SplitFile,
  groups: ReadonlyMap<string, string> | null,
  { progress }: Pick<StageContext, 'progress'>,
): void {
  const what = by === 'random' ? 'a random split' : 'this split'
  if (groups === null)
    return progress.warn(`${what} cannot be checked for leaks without the devkit's mapping`)
  if (leaks.length > 0)
    progress.warn(
      `${what} has ${leaks.length} drives on both sides: frames 0.1 s apart are nearly the same ` +
        'picture, and mAP on its validation side says little',
    )
}

function linesOf({ frames, by, train, val, drives, leaks }: PreprocessReport): readonly string[] {
  const side = by === 'none' ? 'no split' : `${train} for training, ${val} for validation`
  return [
    `${frames} frames of ${drives} drives; ${side} (by ${by})`,
    ...(leaks.length > 0 ? [`drives on both sides: ${leaks.length}, such as ${leaks[0]}`] : []),
  ]
}
