import onnxProto from 'onnx-proto'
import type { CatalogueCard } from '#gpu/model-card.ts'
import { messageOf } from '#std/coded-error.ts'
import { addFloatOutputs } from './float-outputs.ts'
import { foldFocus } from './fold-focus.ts'
import { freeAxes, type FreedAxes } from './free-axes.ts'
import { PrepareError } from './prepare-error.ts'
import { addUint8Prologue } from './uint8-prologue.ts'

const { onnx } = onnxProto

/** Raised with every change that makes other bytes from the same raw file. */
export const preparationVersion = 2

/**
 * Raw ONNX -> the file that serves: `pixels` uint8 [N, h, w, 3] in, float32 out. `axes` are freed; where they are
 * `none`, `batch` says whether the file takes any number of pictures as it is. The same bytes in, the same bytes out.
 * Throws PrepareError `model_unknown`.
 */
export function prepareGraph(
  raw: Uint8Array,
  card: CatalogueCard,
  { axes, batch }: PreparedAxes = { axes: 'all', batch: 'free' },
): Uint8Array {
  const model = decode(raw)
  if (!model.graph) throw new PrepareError('model_unknown', 'the ONNX file holds no graph')
  freeAxes(model.graph, axes)
  foldFocus(model.graph)
  addUint8Prologue(model.graph, card.input, batch)
  addFloatOutputs(model.graph)
  // What the raw file says there differs between copies of the same weights.
  model.metadataProps = [
    { key: 'licence', value: card.licence },
    { key: 'source', value: card.source },
    { key: 'stride', value: String(card.input.stride) },
    { key: 'names', value: JSON.stringify(card.classes) },
  ]
  return onnx.ModelProto.encode(model).finish()
}

export interface PreparedAxes {
  readonly axes: FreedAxes
  readonly batch: 1 | 'free'
}

function decode(raw: Uint8Array): ReturnType<typeof onnx.ModelProto.decode> {
  try {
    return onnx.ModelProto.decode(raw)
  } catch (cause) {
    throw new PrepareError('model_unknown', `not an ONNX file: ${messageOf(cause)}`, { cause })
  }
}
