import type { OnnxFacts } from './onnx-facts.ts'

type Dims = readonly (number | null)[]

/** What an export says of itself: an image of 640x640, and these outputs. */
export function factsOf(
  outputs: Readonly<Record<string, Dims>>,
  change: { readonly image?: Dims; readonly metadata?: Readonly<Record<string, string>> } & Partial<
    Pick<OnnxFacts, 'takesSizes' | 'isDynamicallyQuantised'>
  > = {},
): OnnxFacts {
  const { image = [1, 3, 640, 640], metadata = {} } = change
  return {
    image: { name: 'images', dims: image },
    outputs: Object.entries(outputs).map(([name, dims]) => ({ name, dims })),
    takesSizes: change.takesSizes ?? false,
    metadata: new Map(Object.entries(metadata)),
    isDynamicallyQuantised: change.isDynamicallyQuantised ?? false,
  }
}

/** As Ultralytics' exports say it. */
export const ultralytics = {
  task: 'detect',
  stride: '32',
  imgsz: '[384, 640]',
  names: "{0: 'fork lift', 1: 'pallet'}",
  license: 'AGPL-3.0 License (https://ultralytics.com/license)',
}

export const nanodetOutputs = {
  cls_pred_stride_8: [1, 2704, 80],
  cls_pred_stride_16: [1, 676, 80],
  cls_pred_stride_32: [1, 169, 80],
  dis_pred_stride_8: [1, 2704, 32],
  dis_pred_stride_16: [1, 676, 32],
  dis_pred_stride_32: [1, 169, 32],
} as const
