import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ClipError, parseClip } from './clip.ts'

const sps = '6742c01ed900a0427e5c'
const pps = '68cb83cb20'
const aud = '09f0'
const sei = '0605018180'
const idr = '65888401'
const idrRest = '65408402'
const slice = '419a0203'
const sliceRest = '41400403'

function clipOf(...nals: readonly string[]): Buffer {
  return Buffer.from(
    nals.map((nal, i) => `${i % 2 === 0 ? '00000001' : '000001'}${nal}`).join(''),
    'hex',
  )
}

function unitsOf(data: Buffer): string[][] {
  return parseClip(data).units.map((unit) => unit.map((nal) => nal.toString('hex')))
}

describe('a file that cannot be looped is refused', () => {
  for (const [name, data] of [
    ['empty', Buffer.alloc(0)],
    ['text', Buffer.from('hello')],
    ['without an IDR', clipOf(sps, pps, slice)],
    ['without parameter sets', clipOf(idr, slice)],
  ] as const)
    test(name, () => assert.throws(() => parseClip(data), ClipError))
})

describe('access units', () => {
  test('begin with a delimiter, parameter sets, SEI or a first slice', () => {
    assert.deepEqual(
      unitsOf(
        clipOf(
          aud,
          sps,
          pps,
          sei,
          idr,
          idrRest,
          slice,
          sliceRest,
          sei,
          slice,
          aud,
          slice,
          sps,
          pps,
          idr,
        ),
      ),
      [
        [aud, sps, pps, sei, idr, idrRest],
        [slice, sliceRest],
        [sei, slice],
        [aud, slice],
        [sps, pps, idr],
      ],
    )
  })

  test('before the first IDR are left out', () => {
    assert.deepEqual(unitsOf(clipOf(slice, slice, sps, pps, idr)), [[sps, pps, idr]])
  })

  test('do not hold the zero bytes that stand before a start code', () => {
    const data = Buffer.concat([clipOf(sps, pps), Buffer.alloc(3), clipOf(idr), Buffer.alloc(2)])
    assert.deepEqual(unitsOf(data), [[sps, pps, idr]])
  })
})
