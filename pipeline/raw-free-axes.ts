import onnxProto from 'onnx-proto'
import { freeAxes } from './free-axes.ts'
import { graphInputs } from './graph-inputs.ts'
import { PrepareError } from './prepare-error.ts'

const { onnx } = onnxProto

/**
 * The raw file with free N, H and W and nothing else changed: still float pixels in, so that shapes other than the
 * exported one can be held against what serves. Throws PrepareError `model_unknown`.
 */
export function withFreeAxes(raw: Uint8Array): Uint8Array {
  const model = onnx.ModelProto.decode(raw)
  if (!model.graph) throw new PrepareError('model_unknown', 'the ONNX file holds no graph')
  freeAxes(model.graph, 'all')
  const { image } = graphInputs(model.graph)
  const dims = image.type?.tensorType?.shape?.dim ?? []
  for (const [axis, dim] of dims.entries())
    // The colours stay three.
    if (Number(dim.dimValue ?? 0) !== 3) dims[axis] = { dimParam: `axis${axis}` }
  return onnx.ModelProto.encode(model).finish()
}

/** The sides that the raw file is fixed to; null where they are free. */
export function fixedSides(
  raw: Uint8Array,
  layout: 'nchw' | 'nhwc',
): { readonly width: number; readonly height: number } | null {
  const { graph } = onnx.ModelProto.decode(raw)
  if (!graph) throw new PrepareError('model_unknown', 'the ONNX file holds no graph')
  const dims = graphInputs(graph).image.type?.tensorType?.shape?.dim ?? []
  const [height, width] = (layout === 'nchw' ? [2, 3] : [1, 2]).map((axis) =>
    Number(dims[axis]?.dimValue ?? 0),
  )
  return width && height ? { width, height } : null
}
