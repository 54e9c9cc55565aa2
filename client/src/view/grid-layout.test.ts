import assert from 'node:assert/strict'
import { test } from 'node:test'
import { layoutGrid } from './grid-layout.ts'

const desktop = { width: 1440, height: 856 }
const phone = { width: 390, height: 760 }

const cases: readonly {
  count: number
  page: { width: number; height: number }
  columns: number
  fits: boolean
}[] = [
  { count: 0, page: desktop, columns: 1, fits: true },
  { count: 1, page: desktop, columns: 1, fits: true },
  { count: 2, page: desktop, columns: 1, fits: true },
  { count: 4, page: desktop, columns: 2, fits: true },
  { count: 5, page: desktop, columns: 2, fits: true },
  { count: 9, page: desktop, columns: 3, fits: true },
  { count: 16, page: desktop, columns: 4, fits: true },
  { count: 64, page: desktop, columns: 6, fits: false },
  { count: 1, page: phone, columns: 1, fits: false },
  { count: 9, page: phone, columns: 1, fits: false },
  { count: 3, page: { width: 0, height: 0 }, columns: 1, fits: false },
]

for (const { count, page, columns, fits } of cases)
  test(`${count} cameras on ${page.width} x ${page.height}`, () =>
    assert.deepEqual(layoutGrid(count, page), { columns, fits }))
