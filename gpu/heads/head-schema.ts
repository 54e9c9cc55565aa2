import { z } from 'zod'

const outputName = z.string().min(1)
/** The network's number of each class, where they are not 0, 1, 2 ..: COCO's own ids run from 1 to 90. */
const classIds = z.array(z.int().min(0)).min(1).optional()

/** Which head turns a model's outputs into boxes, and what it must know; one family, one file beside this one. */
export const headSchema = z.discriminatedUnion('family', [
  /** One raw output [N, anchors, 5 + classes]. */
  z.strictObject({
    family: z.literal('yolox'),
    /** Pixels a grid cell, in the order of the anchors. */
    strides: z.array(z.int().min(1)).min(1),
  }),
  /** One output [N, 4 + classes, anchors]: YOLOv8, 9, 11, 12. */
  z.strictObject({ family: z.literal('yolov8') }),
  /** One output [N, boxes, 6], suppressed already: YOLOv10, YOLO26. */
  z.strictObject({ family: z.literal('end-to-end') }),
  /** Class numbers, corners in pixels, scores: RT-DETR, D-FINE, DEIM as their authors export them. */
  z.strictObject({
    family: z.literal('detr'),
    outputs: z.strictObject({ labels: outputName, boxes: outputName, scores: outputName }),
    classIds,
  }),
  /** Logits and boxes as shares: RT-DETR, D-FINE of Hugging Face, RF-DETR. */
  z.strictObject({
    family: z.literal('detr-raw'),
    outputs: z.strictObject({ logits: outputName, boxes: outputName }),
    classIds,
  }),
  /** Two outputs a stride: sigmoids, and distances as distributions. */
  z.strictObject({
    family: z.literal('nanodet'),
    levels: z
      .array(z.strictObject({ stride: z.int().min(1), scores: outputName, distances: outputName }))
      .min(1),
    cellCentre: z.number().min(0).max(1),
  }),
])

export type HeadCard = z.infer<typeof headSchema>
export type HeadFamily = HeadCard['family']
