import { decodePicture, encodeJpeg } from '#gpu/picture.ts'
import type { DetectedObject } from '#protocol/messages.ts'
import { writeFileAtomically } from '#std/atomic-file.ts'
import { classColour, cssColour } from './class-colour.ts'

/** The picture, upright, as a JPEG at `outPath` with boxes and labels. Rejects with PictureError. */
export async function annotatePicture(
  path: string,
  found: { readonly objects: readonly DetectedObject[] },
  outPath: string,
): Promise<void> {
  const boxes = found.objects.map(({ class: classIndex, label, score, box }) => {
    const [left, top, width, height] = box
    const colour = cssColour(classColour(classIndex))
    return { left, top, width, height, label: `${label} ${score.toFixed(2)}`, colour }
  })
  await writeFileAtomically(outPath, await encodeJpeg(await decodePicture(path), boxes))
}
