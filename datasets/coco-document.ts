import type { Box } from './box.ts'
import type { Dataset, Split } from './dataset.ts'
import { pictureName } from './yolo-folder.ts'

/**
 * A dataset, or one side of it, in COCO's form, as `evaluate --gt` and pycocotools read it. Category ids count from 1;
 * a region to ignore is a crowd of every category: pycocotools then counts no detection in it, neither way.
 */
export function cocoDocument(dataset: Dataset, split: Split | 'all') {
  const images = dataset.images
    .filter((image) => split === 'all' || image.split === split)
    .map((image, index) => ({ image, id: index + 1 }))
  const objects = images.flatMap(({ image, id }) => [
    ...image.boxes.map(({ classIndex, box }) => annotation(id, classIndex + 1, box, 0)),
    ...image.ignore.flatMap((box) =>
      dataset.classes.map((_, index) => annotation(id, index + 1, box, 1)),
    ),
  ])
  return {
    info: { description: dataset.name },
    licenses: [{ id: 1, name: dataset.licence }],
    images: images.map(({ image, id }) => ({
      id,
      file_name: pictureName(image),
      width: image.width,
      height: image.height,
    })),
    annotations: objects.map((object, index) => Object.assign(object, { id: index + 1 })),
    categories: dataset.classes.map((name, index) => ({ id: index + 1, name })),
  }
}

function annotation(imageId: number, categoryId: number, box: Box, isCrowd: 0 | 1) {
  const rounded = (px: number): number => Math.round(px * 1e4) / 1e4
  const [width, height] = [rounded(box.right - box.left), rounded(box.bottom - box.top)]
  return {
    image_id: imageId,
    category_id: categoryId,
    bbox: [rounded(box.left), rounded(box.top), width, height],
    area: rounded(width * height),
    iscrowd: isCrowd,
  }
}
