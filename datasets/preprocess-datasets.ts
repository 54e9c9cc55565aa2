import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { parseYaml } from '#config/parse-yaml.ts'
import { StageError } from '#pipeline/stage-error.ts'
import type { Stage, StageContext } from '#pipeline/stage.ts'
import { cocoDocument } from './coco-document.ts'
import { linesOf } from './convert-kitti-to-yolo.ts'
import { readSource } from './data-ingestion.ts'
import { type Dataset, splits } from './dataset.ts'
import { leaksIn, withoutDuplicates } from './dataset-checks.ts'
import { type DatasetLock, filesHash, lockName, readDatasetLock } from './dataset-lock.ts'
import { type DatasetSummary, summaryOf } from './dataset-summary.ts'
import { type DatasetsConfig, datasetsConfigSchema, type DatasetSource } from './datasets-config.ts'
import { type FindingReport, Findings } from './findings.ts'
import { filesBelow } from './folder-listing.ts'
import { kittiLicence } from './kitti-archives.ts'
import { kittiClassMaps } from './kitti-classes.ts'
import { readKittiFolder } from './kitti-folder.ts'
import { manifestOf, manifestText, rootHashOf } from './manifest.ts'
import { type Contribution, mergeDatasets } from './merge-datasets.ts'
import { OutputFolder } from './output-folder.ts'
import { preprocessKitti } from './preprocess-kitti.ts'
import { readSplit } from './split-file.ts'
import { pictureName, writeYoloFolder } from './yolo-folder.ts'

const stageName = 'preprocess-datasets'

/** Every source of `config/datasets.yaml` -> datasets/processed/<name>/ with its lock. */
export const preprocessDatasetsStage: Stage = {
  name: stageName,
  summary:
    'makes one dataset of all sources of a config, with manifest, COCO and YOLO labels, lock',
  options: {
    check: { type: 'boolean', help: 'only hold what stands against its lock' },
  },
  async run(context) {
    const { arguments: given, dataDir } = context
    const path = given.path('config') ?? resolve('config/datasets.yaml')
    const text = await readFile(path, 'utf8').catch((cause: unknown) => {
      throw new StageError('input_missing', `cannot read ${path}`, { cause })
    })
    const { value: config } = parseYaml(text, { fileName: path, schema: datasetsConfigSchema })
    const out = given.path('out') ?? join(dataDir, 'datasets', 'processed', config.name)
    if (given.isSet('check')) {
      const lock = await checkDataset(out)
      return { verdict: 'done', document: lock, lines: [`${out}: as locked, root ${lock.root}`] }
    }
    const { report, lock } = await preprocessDatasets({ ...context, config, out })
    const leaks = report.leaks.map((leak) => `leak: ${leak}`)
    return {
      verdict: leaks.length === 0 ? 'done' : 'failed',
      document: { ...report, lock },
      lines: [...linesOf(report), ...leaks, `${out}: root ${lock.root}`],
    }
  },
}

export interface DatasetsReport extends DatasetSummary {
  readonly leaks: readonly string[]
  readonly findings: readonly FindingReport[]
}

/** Holds a processed dataset against its lock. Throws StageError. */
export async function checkDataset(out: string): Promise<DatasetLock> {
  const names = await filesBelow(out)
  return readDatasetLock(
    out,
    names.filter((name) => !name.startsWith('.') && name !== lockName),
  )
}

/** The stage without its command line. Throws StageError, ConfigError. */
export async function preprocessDatasets(
  options: Pick<StageContext, 'signal' | 'progress' | 'dataDir'> & {
    readonly config: DatasetsConfig
    readonly out: string
  },
): Promise<{ readonly report: DatasetsReport; readonly lock: DatasetLock }> {
  const { config, out, signal, progress } = options
  const findings = new Findings()
  const contributions: Contribution[] = []
  for (const source of config.sources)
    contributions.push(await readContribution(source, { ...options, findings }))
  const merged = mergeDatasets(contributions, {
    name: config.name,
    classes: config.classes ?? null,
  })
  const dataset = withoutDuplicates(merged, findings)
  if (dataset.images.length === 0)
    throw new StageError('input_invalid', 'the sources hold no picture that could be read')
  const into = await OutputFolder.open(out, stageName)
  const onImage = (done: number): void =>
    progress.step('writing', done, dataset.images.length, 'images')
  await writeYoloFolder(dataset, { into, signal, onImage })
  const root = await writeDocuments(dataset, into)
  const report = {
    ...summaryOf(dataset),
    leaks: leaksIn(dataset),
    findings: findings.report(),
  }
  await into.writeJson('report.json', report)
  // Its absence says that the rest is not whole.
  const names = await into.finish()
  const lock: DatasetLock = {
    version: 1,
    name: dataset.name,
    licence: dataset.licence,
    root,
    files: await filesHash(out, names),
    classes: [...dataset.classes],
    imagesBySplit: { ...summaryOf(dataset).imagesBySplit },
    sources: contributions.map((each, index) => lockOfSource(each, config.sources[index])),
  }
  await into.writeJson(lockName, lock)
  return { report, lock }
}

/** Manifest and COCO's form of each side; the root hash. */
async function writeDocuments(dataset: Dataset, into: OutputFolder): Promise<string> {
  const manifest = manifestOf(dataset, {
    fileOf: (image) => pictureName(image),
  })
  await into.write('manifest.json', manifestText(manifest))
  const present = splits.filter((split) => dataset.images.some((image) => image.split === split))
  for (const split of present.length === 0 ? (['all'] as const) : present)
    await into.write(`coco/${split}.json`, `${JSON.stringify(cocoDocument(dataset, split))}\n`)
  return rootHashOf(manifest)
}

type SourceOptions = Parameters<typeof preprocessDatasets>[0] & { readonly findings: Findings }

async function readContribution(
  source: DatasetSource,
  options: SourceOptions,
): Promise<Contribution> {
  const { findings, dataDir } = options
  const { name } = source
  if (source.kind === 'kitti') {
    const dataset = await readKitti(source, options)
    return { name, dataset, map: {}, findings }
  }
  const read = await readSource(source.kind, { ...options, path: resolve(dataDir, source.in) })
  return { name, dataset: { name, licence: source.licence, ...read }, map: source.map, findings }
}

async function readKitti(
  source: Extract<DatasetSource, { kind: 'kitti' }>,
  options: SourceOptions,
): Promise<Dataset> {
  // Beside the dataset: unpacked frames are an intermediate, linked into it where the file system can.
  const frames = join(`${options.out}-frames`, source.name)
  const { by } = await preprocessKitti({
    ...options,
    folder: resolve(options.dataDir, source.in),
    out: frames,
    split: source.split,
    lists: null,
    valShare: source.valShare,
    seed: source.seed,
  })
  const classes = kittiClassMaps[source.classes]
  const placeOf = by === 'none' ? () => null : await readSplit(join(frames, 'split.json'))
  const folder = join(frames, 'training')
  const images = await readKittiFolder({ ...options, folder, classes, placeOf })
  return { name: source.name, licence: kittiLicence, classes: classes.names, images }
}

function lockOfSource(
  { name, dataset }: Contribution,
  source: DatasetSource | undefined,
): DatasetLock['sources'][number] {
  return {
    name,
    kind: source?.kind ?? '',
    licence: dataset.licence,
    images: dataset.images.length,
    root: rootHashOf(manifestOf(dataset, { fileOf: ({ id }) => id })),
  }
}
