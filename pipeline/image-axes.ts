import { PrepareError } from './prepare-error.ts'
import type { OnnxFacts } from './onnx-facts.ts'

/** The image input, read as pictures; `null` a free axis. */
export interface ImageAxes {
  readonly layout: 'nchw' | 'nhwc'
  readonly batch: number | null
  readonly height: number | null
  readonly width: number | null
}

/** Throws PrepareError `model_unknown` where no axis is the three colours, or the batch is fixed above one. */
export function imageAxes({ image }: OnnxFacts): ImageAxes {
  const [batch = null, second = null, third = null, fourth = null] = image.dims
  if (batch !== null && batch !== 1)
    throw new PrepareError(
      'model_unknown',
      `it takes ${batch} pictures a run, never fewer; export it with a batch of 1, or a free one`,
    )
  if (second === 3) return { layout: 'nchw', batch, height: third, width: fourth }
  if (fourth === 3) return { layout: 'nhwc', batch, height: second, width: third }
  throw new PrepareError(
    'model_unknown',
    `its image “${image.name}” is [${image.dims.map((dim) => dim ?? '?').join(', ')}]: no axis is the three colours`,
  )
}
