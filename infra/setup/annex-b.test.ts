import assert from 'node:assert/strict'
import { test } from 'node:test'
import { countUnits } from './annex-b.mjs'

test('slices are counted by kind, whatever the start code and nal_ref_idc', () => {
  const parameterSets = '00000001674d 00000168ee'
  const slices = '0000016588 00000001419a 000001019a'
  const stream = Buffer.from(`${parameterSets}${slices}000001`.replaceAll(' ', ''), 'hex')
  assert.deepEqual(countUnits(stream), { idr: 1, nonIdr: 2 })
})
