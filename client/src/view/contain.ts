export interface Size {
  readonly width: number
  readonly height: number
}

export interface Rect extends Size {
  readonly left: number
  readonly top: number
}

/** Where `object-fit: contain` puts a picture inside a box; null while either has no area. */
export function containRect(picture: Size, box: Size): Rect | null {
  if (!(picture.width > 0 && picture.height > 0 && box.width > 0 && box.height > 0)) return null
  const scale = Math.min(box.width / picture.width, box.height / picture.height)
  const width = picture.width * scale
  const height = picture.height * scale
  return { left: (box.width - width) / 2, top: (box.height - height) / 2, width, height }
}
