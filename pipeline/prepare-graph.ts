import onnxProto from 'onnx-proto'
import type { CatalogueCard } from '#gpu/model-card.ts'
import { messageOf } from '#std/coded-error.ts'
import { freeAxes } from './free-axes.ts'
import { PrepareError } from './prepare-error.ts'
import { addUint8Prologue } from './uint8-prologue.ts'

const { onnx } = onnxProto

/** Raised with every change that makes other bytes from the same raw file. */
export const preparationVersion = 1

/**
 * Raw ONNX -> the file that serves: N, H, W free, `pixels` uint8 [N, h, w, 3] in. The same bytes in, the same
 * bytes out. Throws PrepareError `model_unknown`.
 */
export function prepareGraph(raw: Uint8Array, card: CatalogueCard): Uint8Array {
  const model = decode(raw)
  if (!model.graph) throw new PrepareError('model_unknown', 'the ONNX file holds no graph')
  freeAxes(model.graph)
  addUint8Prologue(model.graph, card.input)
  // What the raw file says there differs between copies of the same weights.
  model.metadataProps = [
    { key: 'licence', value: card.licence },
    { key: 'source', value: card.source },
    { key: 'stride', value: String(card.input.stride) },
    { key: 'names', value: JSON.stringify(card.classes) },
  ]
  return onnx.ModelProto.encode(model).finish()
}

function decode(raw: Uint8Array): ReturnType<typeof onnx.ModelProto.decode> {
  try {
    return onnx.ModelProto.decode(raw)
  } catch (cause) {
    throw new PrepareError('model_unknown', `not an ONNX file: ${messageOf(cause)}`, { cause })
  }
}
