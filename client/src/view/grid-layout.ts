import type { Size } from './contain.ts'

export interface GridLayout {
  readonly columns: number
  /** True: all fit on the page; false: tiles keep their shape and the page scrolls. */
  readonly fits: boolean
}

/** Pictures smaller than this show nobody anything. */
const tileWidthPxMin = 240
const pictureShape = 16 / 9
/** As in base.css: a phone shows one picture a row and scrolls. */
const phoneWidthPxMax = 640

/** The number of columns that gives `count` pictures of 16:9 the most area on a page. */
export function layoutGrid(count: number, page: Size): GridLayout {
  if (page.width <= phoneWidthPxMax) return { columns: 1, fits: false }
  const widestMax = Math.floor(page.width / tileWidthPxMin)
  let best = { columns: 1, pictureWidth: 0 }
  for (let columns = 1; columns <= Math.min(count, widestMax); columns++) {
    const rows = Math.ceil(count / columns)
    const pictureWidth = Math.min(page.width / columns, (page.height / rows) * pictureShape)
    // On equal terms the squarer one: fewer columns came first.
    if (pictureWidth > best.pictureWidth + 1) best = { columns, pictureWidth }
  }
  if (best.pictureWidth >= tileWidthPxMin || count <= 1)
    return { columns: best.columns, fits: true }
  return { columns: Math.min(count, widestMax), fits: false }
}
