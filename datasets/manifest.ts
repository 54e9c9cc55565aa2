import { z } from 'zod'
import { sha256Of } from '#std/atomic-file.ts'
import type { Box } from './box.ts'
import { type Dataset, type DatasetImage, splits } from './dataset.ts'

/** Edges in pixels: left, top, right, bottom. */
const edges = z.tuple([z.number(), z.number(), z.number(), z.number()])

/**
 * The canonical form of a dataset, whatever it came as; `manifest.json`. The same pictures and labels give the same
 * bytes on every machine.
 */
export const manifestSchema = z.strictObject({
  version: z.literal(1),
  name: z.string(),
  licence: z.string(),
  /** By class index. */
  classes: z.array(z.string()),
  images: z.array(
    z.strictObject({
      id: z.string(),
      /** Relative to the manifest, with `/`. */
      file: z.string(),
      sha256: z.string(),
      width: z.int(),
      height: z.int(),
      split: z.enum(splits).nullable(),
      /** Drive, clip: never on both sides of a split. */
      group: z.string().nullable(),
      boxes: z.array(z.strictObject({ class: z.int(), edges })),
      /** Where a detection counts neither way. */
      ignore: z.array(edges),
    }),
  ),
})
export type Manifest = z.infer<typeof manifestSchema>

/** `fileOf`: where a picture lies, seen from the manifest. */
export function manifestOf(
  dataset: Dataset,
  { fileOf }: { readonly fileOf: (image: DatasetImage) => string },
): Manifest {
  return {
    version: 1,
    name: dataset.name,
    licence: dataset.licence,
    classes: [...dataset.classes],
    images: dataset.images.map((image) => ({
      id: image.id,
      file: fileOf(image),
      sha256: image.sha256,
      width: image.width,
      height: image.height,
      split: image.split,
      group: image.group,
      boxes: image.boxes.map(({ classIndex, box }) => ({ class: classIndex, edges: edgesOf(box) })),
      ignore: image.ignore.map(edgesOf),
    })),
  }
}

/** One line an image: a person can read it, and a diff shows what changed. */
export function manifestText({ images, ...head }: Manifest): string {
  const lines = images.map((image) => `    ${JSON.stringify(image)}`)
  const start = JSON.stringify(head, null, 2).slice(0, -2)
  return `${start},\n  "images": [\n${lines.join(',\n')}\n  ]\n}\n`
}

/** One hash over pictures and labels, and not over where they lie. */
export function rootHashOf({ classes, images }: Manifest): string {
  const isPlace = (key: string): boolean => key === 'file'
  const content = JSON.stringify({ classes, images }, (key, value: unknown) =>
    isPlace(key) ? undefined : value,
  )
  return sha256Of(content)
}

/** 1e-4 px: below what any label means, above what floating point adds. */
function edgesOf(box: Box): [left: number, top: number, right: number, bottom: number] {
  const rounded = (px: number): number => Math.round(px * 1e4) / 1e4
  return [rounded(box.left), rounded(box.top), rounded(box.right), rounded(box.bottom)]
}
