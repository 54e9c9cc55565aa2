import type { StageContext } from '#pipeline/stage.ts'
import type { DatasetImage } from './dataset.ts'
import type { Findings } from './findings.ts'

/** What every reader of a foreign format takes. */
export interface ReadSource extends Pick<StageContext, 'signal' | 'progress'> {
  /** A folder, or the file in it that describes the rest. */
  readonly path: string
  readonly findings: Findings
}

/** What it gives: images in the order of their ids. */
export interface ReadDataset {
  readonly classes: readonly string[]
  readonly images: readonly DatasetImage[]
}

/** `train/a b.jpg` -> `train-a b`: a name for a file in one flat folder. */
export function flatId(relativePath: string): string {
  return relativePath
    .replace(/^(\.\/)?(images|JPEGImages)\//, '')
    .replace(/\.[^./]*$/, '')
    .replaceAll('/', '-')
}
