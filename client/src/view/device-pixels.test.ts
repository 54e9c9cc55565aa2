import assert from 'node:assert/strict'
import { test } from 'node:test'
import { devicePixels } from './device-pixels.ts'

const cases: readonly {
  name: string
  css: number
  ratio: number
  reported: number | undefined
  expected: number
}[] = [
  { name: 'a tile that is not laid out', css: 0, ratio: 2, reported: 0, expected: 0 },
  {
    name: 'a browser that reports nothing',
    css: 300.4,
    ratio: 2,
    reported: undefined,
    expected: 601,
  },
  { name: 'the report decides on half pixels', css: 333.5, ratio: 1, reported: 333, expected: 333 },
  { name: 'fractional ratios', css: 640, ratio: 1.25, reported: 800, expected: 800 },
  { name: 'a report that forgot the ratio', css: 480, ratio: 2, reported: 480, expected: 960 },
]

for (const { name, css, ratio, reported, expected } of cases)
  test(name, () => assert.equal(devicePixels(css, ratio, reported), expected))
