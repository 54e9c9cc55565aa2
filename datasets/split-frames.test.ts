import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { drivesOf } from './kitti-drives.ts'
import { leaksOf, splitAtRandom, splitByGroup } from './split-frames.ts'

const groupsOf = (sizes: readonly number[]): Map<string, string> =>
  new Map(
    sizes.flatMap((size, drive) =>
      Array.from({ length: size }, (_, i) => [`${drive}-${i}`, `drive ${drive}`] as const),
    ),
  )

test('a split by drive never has a drive on both sides, and loses no frame', () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 })
  fc.assert(
    fc.property(sizes, fc.integer({ min: 0, max: 99 }), (drives, seed) => {
      const groups = groupsOf(drives)
      const sides = splitByGroup(groups, { valShare: 0.25, seed })
      assert.deepEqual(leaksOf(sides, groups), [])
      assert.deepEqual([...sides.train, ...sides.val].sort(), [...groups.keys()].sort())
    }),
  )
})

test('the share of a split by drive is as near as drives allow', () => {
  const groups = groupsOf(Array.from({ length: 100 }, () => 10))
  assert.equal(splitByGroup(groups, { valShare: 0.25, seed: 1 }).val.length, 250)
})

test('the order in which frames are told does not matter, the seed does', () => {
  const groups = groupsOf([3, 5, 2, 8, 1, 4])
  const reversed = new Map([...groups].reverse())
  const split = (from: Map<string, string>, seed: number) =>
    splitByGroup(from, { valShare: 0.5, seed })
  assert.deepEqual(split(reversed, 3), split(groups, 3))
  const others = new Set([1, 2, 3, 4, 5].map((seed) => split(groups, seed).val.join()))
  assert.ok(others.size > 1)
})

test('a random split of a few drives is caught by the leak test', () => {
  const groups = groupsOf([20, 20, 20])
  const sides = splitAtRandom([...groups.keys()], { valShare: 0.25, seed: 0 })
  assert.equal(sides.val.length, 15)
  assert.deepEqual(leaksOf(sides, groups), ['drive 0', 'drive 1', 'drive 2'])
})

test('a frame on both sides is a leak, with or without drives', () => {
  assert.deepEqual(leaksOf({ train: ['a', 'b'], val: ['b'] }, new Map()), ['frame b'])
})

const mapping =
  '2011_09_26 2011_09_26_drive_0005_sync 0000000000\n2011_09_28 2011_09_28_drive_0016_sync 7\n'

test('frame i is the line that train_rand names i-th, counted from 1', () => {
  assert.deepEqual(
    [...drivesOf(mapping, '2,1')],
    [
      ['000000', '2011_09_28_drive_0016_sync'],
      ['000001', '2011_09_26_drive_0005_sync'],
    ],
  )
})

for (const { name, text, drawn, refusal } of [
  { name: 'a line beyond the mapping', text: mapping, drawn: '1,3', refusal: /rand.txt:2: “3”/ },
  {
    name: 'a line drawn twice',
    text: mapping,
    drawn: '1,1',
    refusal: /rand.txt:2: 1 is there twice/,
  },
  { name: 'no number', text: mapping, drawn: '1,x', refusal: /“x” is no line/ },
  {
    name: 'a mapping without drives',
    text: 'a b c\n',
    drawn: '1',
    refusal: /mapping.txt:1: no date/,
  },
] as const)
  test(`${name} in the devkit's files is refused with its line`, () => {
    assert.throws(() => drivesOf(text, drawn), { code: 'input_invalid', message: refusal })
  })
