import { StageError } from './stage-error.ts'
import type { Stage } from './stage.ts'

/** A stage that runs, loaded when it is asked for: some bring onnxruntime with them. */
interface Standing {
  readonly name: string
  load(): Promise<Stage>
}

/** A stage of the described system that is still to be written. */
interface Later {
  readonly name: string
  /** What `--help` says in place of a summary. */
  readonly later: string
}

/** In the order in which data walks through them; pipeline/README.md explains each. */
export const stages: readonly (Standing | Later)[] = [
  {
    name: 'download-kitti',
    load: async () => (await import('#datasets/download-kitti.ts')).downloadKittiStage,
  },
  {
    name: 'preprocess-kitti',
    load: async () => (await import('#datasets/preprocess-kitti.ts')).preprocessKittiStage,
  },
  {
    name: 'convert-kitti-to-yolo',
    load: async () => (await import('#datasets/convert-kitti-to-yolo.ts')).convertKittiStage,
  },
  {
    name: 'ingest',
    load: async () => (await import('#datasets/data-ingestion.ts')).ingestStage,
  },
  {
    name: 'preprocess-datasets',
    load: async () => (await import('#datasets/preprocess-datasets.ts')).preprocessDatasetsStage,
  },
  { name: 'train', later: 'fine-tunes a detector on a dataset' },
  { name: 'export', later: 'makes ONNX of trained weights' },
  { name: 'optimize-tensorrt', later: 'builds TensorRT engines of an ONNX file' },
  { name: 'infer', load: async () => (await import('./inference.ts')).inferStage },
  { name: 'evaluate', load: async () => (await import('./evaluate.ts')).evaluateStage },
  { name: 'verify', load: async () => (await import('./verify-model-pipeline.ts')).verifyStage },
  {
    name: 'prepare-models',
    load: async () => (await import('./prepare-models-stage.ts')).prepareModelsStage,
  },
  { name: 'monitor', later: 'watches a model for drift' },
  { name: 'retrain', later: 'trains, verifies and offers a challenger' },
  { name: 'status', later: 'prints champion, challenger and drift on one screen' },
  { name: 'all', later: 'runs every stage in order' },
]

/** Throws StageError `usage` for a name that is none, `not_yet` for one that is to come. */
export async function loadStage(name: string): Promise<Stage> {
  const entry = stages.find((each) => each.name === name)
  if (entry === undefined)
    throw new StageError('usage', `there is no stage ${name}; see npm run pipeline -- --help`)
  if ('later' in entry)
    throw new StageError('not_yet', `the stage ${name} is not written yet: it ${entry.later}`)
  return entry.load()
}

/** Name and summary of each, for the help. */
export function stageSummaries(): Promise<readonly (readonly [name: string, summary: string])[]> {
  return Promise.all(
    stages.map(async (entry) => {
      const summary =
        'later' in entry ? `(not written yet) ${entry.later}` : (await entry.load()).summary
      return [entry.name, summary] as const
    }),
  )
}
