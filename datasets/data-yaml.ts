import { type Dataset, splits } from './dataset.ts'

/**
 * The `data.yaml` that YOLO trainers read. `path` is left out: trainers then take the folder of the file itself, and
 * the file has the same bytes wherever it lies.
 */
export function dataYaml(dataset: Dataset): string {
  const present = splits.filter((split) => dataset.images.some((image) => image.split === split))
  // Trainers insist on both; without a split they are the same pictures, which is good for a smoke test only.
  const lists =
    present.length === 0
      ? ['train: images', 'val: images']
      : ['train', 'val', ...present.filter((split) => split === 'test')].map(
          (split) =>
            `${split}: ${present.some((each) => each === split) ? `${split}.txt` : 'images'}`,
        )
  const names = dataset.classes.map((name, index) => `  ${index}: ${JSON.stringify(name)}`)
  return [
    `# ${dataset.name}: ${dataset.images.length} images. Made by the pipeline; what was dropped and why is in report.json.`,
    `# Licence: ${dataset.licence}. Regions in ignore/ are neither objects nor background.`,
    ...lists,
    'names:',
    ...names,
    '',
  ].join('\n')
}
