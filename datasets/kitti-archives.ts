/** https://www.cvlibs.net/datasets/kitti: commercial use is excluded, and what is made of it stays under the same terms. */
export const kittiLicence = 'CC BY-NC-SA 3.0'

export const kittiLicenceText = `KITTI is licensed CC BY-NC-SA 3.0 (Geiger, Lenz, Urtasun: Are we ready for Autonomous Driving? CVPR 2012):
attribution, no commercial use, changes under the same licence. Whether weights trained on it are bound by it is for you
to settle; this project ships none.`

/** Where the benchmark keeps its archives; --mirror names another place with the same file names. */
export const kittiMirror = 'https://s3.eu-central-1.amazonaws.com/avg-kitti'

export const kittiParts = ['image_2', 'label_2', 'calib', 'devkit'] as const
export type KittiPart = (typeof kittiParts)[number]

export interface KittiArchive {
  readonly part: KittiPart
  readonly file: string
  /** About; for the person who waits. */
  readonly sizeText: string
  readonly isDefault: boolean
}

export const kittiArchives: readonly KittiArchive[] = [
  { part: 'devkit', file: 'devkit_object.zip', sizeText: '1 MB', isDefault: true },
  { part: 'label_2', file: 'data_object_label_2.zip', sizeText: '5 MB', isDefault: true },
  { part: 'calib', file: 'data_object_calib.zip', sizeText: '16 MB', isDefault: false },
  { part: 'image_2', file: 'data_object_image_2.zip', sizeText: '12 GB', isDefault: true },
]
