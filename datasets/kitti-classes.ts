import { cocoClasses } from './coco-classes.ts'
import type { KittiType } from './kitti-label.ts'

/** What becomes of a type: a class, a region where detections count neither way, or nothing at all. */
export type Treatment = { readonly class: string } | 'ignore' | 'drop'

/** KITTI's types -> a model's classes. */
export interface KittiClassMap {
  /** By index. */
  readonly names: readonly string[]
  readonly of: Readonly<Record<KittiType, Treatment>>
}

export const classMapNames = ['kitti8', 'kitti3', 'coco'] as const
export type ClassMapName = (typeof classMapNames)[number]

const kitti8 = [
  'Car',
  'Van',
  'Truck',
  'Pedestrian',
  'Person_sitting',
  'Cyclist',
  'Tram',
  'Misc',
] as const

/**
 * DontCare is neither a class nor background, in any of them: far objects that nobody labelled one by one.
 */
export const kittiClassMaps: Readonly<Record<ClassMapName, KittiClassMap>> = {
  kitti8: {
    names: kitti8,
    of: {
      Car: { class: 'Car' },
      Van: { class: 'Van' },
      Truck: { class: 'Truck' },
      Pedestrian: { class: 'Pedestrian' },
      Person_sitting: { class: 'Person_sitting' },
      Cyclist: { class: 'Cyclist' },
      Tram: { class: 'Tram' },
      Misc: { class: 'Misc' },
      DontCare: 'ignore',
    },
  },
  /** The benchmark's three. Its neighbours, Van of Car and Person_sitting of Pedestrian, are no mistakes when found. */
  kitti3: {
    names: ['Car', 'Pedestrian', 'Cyclist'],
    of: {
      Car: { class: 'Car' },
      Van: 'ignore',
      Truck: 'drop',
      Pedestrian: { class: 'Pedestrian' },
      Person_sitting: 'ignore',
      Cyclist: { class: 'Cyclist' },
      Tram: 'drop',
      Misc: 'drop',
      DontCare: 'ignore',
    },
  },
  /** For models trained on COCO, which labels a cyclist as a person and a bicycle: one box is neither of the two. */
  coco: {
    names: cocoClasses,
    of: {
      Car: { class: 'car' },
      Van: { class: 'car' },
      Truck: { class: 'truck' },
      Pedestrian: { class: 'person' },
      Person_sitting: { class: 'person' },
      Cyclist: 'ignore',
      Tram: { class: 'train' },
      Misc: 'ignore',
      DontCare: 'ignore',
    },
  },
}
