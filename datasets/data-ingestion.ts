import { stat } from 'node:fs/promises'
import { basename, join, relative } from 'node:path'
import { StageError } from '#pipeline/stage-error.ts'
import type { Stage, StageContext } from '#pipeline/stage.ts'
import { isAbsence } from '#std/atomic-file.ts'
import { linesOf } from './convert-kitti-to-yolo.ts'
import { leaksIn, withoutDuplicates } from './dataset-checks.ts'
import { type DatasetSummary, summaryOf } from './dataset-summary.ts'
import { type FindingReport, Findings } from './findings.ts'
import { filesInIfThere } from './folder-listing.ts'
import { manifestOf, manifestText, rootHashOf } from './manifest.ts'
import { OutputFolder } from './output-folder.ts'
import { readCoco } from './read-coco.ts'
import { readVoc } from './read-voc.ts'
import { readYolo } from './read-yolo.ts'
import type { ReadDataset, ReadSource } from './source-folder.ts'

export const sourceFormats = ['yolo', 'coco', 'voc'] as const
export type SourceFormat = (typeof sourceFormats)[number]

/** Any YOLO, COCO or VOC folder -> manifest.json, checked and hashed; the pictures stay where they are. */
export const ingestStage: Stage = {
  name: 'ingest',
  summary: 'reads a YOLO, COCO or VOC folder into the canonical manifest, with checks and hashes',
  options: {
    format: { type: 'string', value: sourceFormats.join('|'), help: 'guessed where absent' },
    name: { type: 'string', value: 'NAME', help: "the folder's where absent" },
    licence: { type: 'string', value: 'TEXT', default: 'unknown', help: 'for the manifest' },
  },
  async run(context) {
    const { arguments: given, signal, progress } = context
    const path = given.requiredPath('in')
    const report = await ingest({
      path,
      out: given.requiredPath('out'),
      format: given.oneOf('format', sourceFormats),
      name: given.text('name') ?? basename(path).replace(/\.\w+$/, ''),
      licence: given.requiredText('licence'),
      signal,
      progress,
    })
    const leaks = report.leaks.map((leak) => `leak: ${leak}`)
    const lines = [...linesOf(report), ...leaks, `root ${report.root}`]
    return { verdict: leaks.length === 0 ? 'done' : 'failed', document: report, lines }
  },
}

export interface IngestReport extends DatasetSummary {
  readonly format: SourceFormat
  /** One hash over pictures and labels. */
  readonly root: string
  /** Pictures or groups on several sides of the split: a gate that failed. */
  readonly leaks: readonly string[]
  readonly findings: readonly FindingReport[]
}

/** The stage without its command line. Throws StageError, ConfigError. */
export async function ingest(
  options: Pick<StageContext, 'signal' | 'progress'> & {
    readonly path: string
    readonly out: string
    /** Null: by what lies in the folder. */
    readonly format: SourceFormat | null
    readonly name: string
    readonly licence: string
  },
): Promise<IngestReport> {
  const { name, licence, path, out } = options
  const findings = new Findings()
  const format = options.format ?? (await formatOf(path))
  const read = await readSource(format, { ...options, findings })
  const dataset = withoutDuplicates({ name, licence, ...read }, findings)
  if (dataset.images.length === 0)
    throw new StageError('input_invalid', `${path} holds no picture that could be read`)
  const into = await OutputFolder.open(out, 'ingest')
  const manifest = manifestOf(dataset, {
    fileOf: (image) => relative(out, image.path).replaceAll('\\', '/'),
  })
  await into.write('manifest.json', manifestText(manifest))
  const report = {
    format,
    root: rootHashOf(manifest),
    ...summaryOf(dataset),
    leaks: leaksIn(dataset),
    findings: findings.report(),
  }
  await into.writeJson('report.json', report)
  await into.finish()
  return report
}

export function readSource(format: SourceFormat, options: ReadSource): Promise<ReadDataset> {
  return { yolo: readYolo, coco: readCoco, voc: readVoc }[format](options)
}

/** Throws StageError where there is nothing, or nothing known. */
export async function formatOf(path: string): Promise<SourceFormat> {
  const isFolder = await stat(path).then(
    (info) => info.isDirectory(),
    (error: unknown) => {
      if (isAbsence(error)) throw new StageError('input_missing', `there is no ${path}`)
      throw error
    },
  )
  if (!isFolder) return path.endsWith('.json') ? 'coco' : 'yolo'
  const has = async (folder: string, ending: RegExp): Promise<boolean> =>
    ((await filesInIfThere(join(path, folder), ending)) ?? []).length > 0
  if (await has('Annotations', /\.xml$/)) return 'voc'
  if (await has('annotations', /\.json$/)) return 'coco'
  if ((await has('.', /^data\.ya?ml$/)) || (await has('.', /^classes\.txt$/))) return 'yolo'
  if (await has('.', /\.json$/)) return 'coco'
  throw new StageError(
    'input_invalid',
    `${path} is none of YOLO (data.yaml), COCO (annotations/*.json) and VOC (Annotations/*.xml), ` +
      'as far as can be seen; --format says which',
  )
}
