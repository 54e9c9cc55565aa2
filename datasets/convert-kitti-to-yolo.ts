import { StageError } from '#pipeline/stage-error.ts'
import type { Progress, Stage } from '#pipeline/stage.ts'
import { byCodePoints, type Dataset } from './dataset.ts'
import { type DatasetSummary, summaryOf } from './dataset-summary.ts'
import { type FindingReport, Findings } from './findings.ts'
import { type ClassMapName, classMapNames, kittiClassMaps } from './kitti-classes.ts'
import { readKittiFolder, type ReadKittiOptions } from './kitti-folder.ts'
import { kittiLicence } from './kitti-archives.ts'
import { OutputFolder } from './output-folder.ts'
import { readSplit } from './split-file.ts'
import { writeYoloFolder } from './yolo-folder.ts'

/** A folder of the KITTI object benchmark -> images, YOLO labels, ignore regions, data.yaml, report.json. */
export const convertKittiStage: Stage = {
  name: 'convert-kitti-to-yolo',
  summary:
    'KITTI label_2 -> YOLO labels, ignore regions, data.yaml and a report of what was dropped',
  options: {
    classes: {
      type: 'string',
      value: classMapNames.join('|'),
      default: 'kitti8',
      help: 'what the types become',
    },
    split: {
      type: 'string',
      value: 'FILE',
      help: 'split.json of preprocess-kitti; without it, no split',
    },
  },
  async run({ arguments: given, signal, progress }) {
    const split = given.path('split')
    const report = await convertKitti({
      folder: given.requiredPath('in'),
      out: given.requiredPath('out'),
      classes: given.oneOf('classes', classMapNames) ?? 'kitti8',
      placeOf: split === null ? () => null : await readSplit(split),
      signal,
      progress,
    })
    return { verdict: 'done', document: report, lines: linesOf(report) }
  },
}

export interface ConvertReport extends DatasetSummary {
  readonly classes: ClassMapName
  readonly findings: readonly FindingReport[]
}

/** The stage without its command line. Throws StageError. */
export async function convertKitti(
  options: Pick<ReadKittiOptions, 'folder' | 'placeOf'> & {
    readonly out: string
    readonly classes: ClassMapName
    readonly signal: AbortSignal
    readonly progress: Progress
  },
): Promise<ConvertReport> {
  const { progress, signal } = options
  const findings = new Findings()
  const classes = kittiClassMaps[options.classes]
  const images = await readKittiFolder({ ...options, classes, findings })
  if (images.length === 0)
    throw new StageError('input_invalid', `${options.folder} holds no picture with a label`)
  const dataset: Dataset = {
    name: `kitti (${options.classes})`,
    licence: kittiLicence,
    classes: classes.names,
    images,
  }
  const into = await OutputFolder.open(options.out, 'convert-kitti-to-yolo')
  const onImage = (done: number): void => progress.step('writing', done, images.length, 'images')
  await writeYoloFolder(dataset, { into, signal, onImage })
  const report = {
    classes: options.classes,
    ...summaryOf(dataset),
    findings: findings.report(),
  }
  await into.writeJson('report.json', report)
  await into.finish()
  return report
}

export function linesOf(report: DatasetSummary & { readonly findings: readonly FindingReport[] }) {
  const classes = Object.entries(report.boxesByClass).filter(([, count]) => count > 0)
  return [
    `${report.images} images (${report.emptyImages} without objects), ${report.boxes} boxes, ` +
      `${report.ignoreRegions} regions to ignore`,
    ...classes.sort(([a], [b]) => byCodePoints(a, b)).map(([name, count]) => `  ${name}: ${count}`),
    ...report.findings.map(
      ({ reason, count, meaning, examples }) =>
        `${reason}: ${count} (${meaning}), such as ${examples[0] ?? ''}`,
    ),
  ]
}
