import type { HeadFamily } from '#gpu/heads/head-schema.ts'
import type { ModelInput } from '#gpu/model-card.ts'
import { familyManners } from './family-manners.ts'
import { imageAxes } from './image-axes.ts'
import type { OnnxFacts } from './onnx-facts.ts'
import { PrepareError } from './prepare-error.ts'

type InputSize = ModelInput['size']

/**
 * What the file is fixed to; where it is free, what was asked for, or what its metadata says. Throws PrepareError
 * `size_doubtful`.
 */
export function inputSizeOf(
  facts: OnnxFacts,
  asked: InputSize | null,
  family: HeadFamily,
): InputSize {
  const { width, height } = imageAxes(facts)
  if (width === null || height === null) return asked ?? trainedSize(facts, family)
  if (asked !== null && !isSame(asked, { width, height }))
    throw new PrepareError('size_doubtful', `the file takes ${width}x${height} and no other size`)
  // Fully convolutional, with raw outputs: its sides can be freed (`freeAxes`).
  return family === 'yolox' && width === height ? { longSide: width } : { width, height }
}

function isSame(asked: InputSize, file: { readonly width: number; readonly height: number }) {
  if ('longSide' in asked) return asked.longSide === Math.max(file.width, file.height)
  return asked.width === file.width && asked.height === file.height
}

/** `imgsz` is [height, width]. */
function trainedSize({ metadata }: OnnxFacts, family: HeadFamily): InputSize {
  const [height, width = height] = (metadata.get('imgsz')?.match(/\d+/g) ?? []).map(Number)
  if (height === undefined || width === undefined)
    throw new PrepareError(
      'size_doubtful',
      'it takes pictures of any size, and does not say which it was trained with: give --size 640 (the long side) ' +
        'or --size 640x384 (width x height)',
    )
  const { isRectangular } = familyManners[family]
  return isRectangular ? { longSide: Math.max(width, height) } : { width, height }
}
