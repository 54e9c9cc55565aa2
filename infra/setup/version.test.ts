import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isAtLeast, parseVersion } from './version.mjs'

const parsed: readonly (readonly [text: string, numbers: readonly number[] | null])[] = [
  ['N-109468-gd39b34123d', null],
  ['', null],
  ['5.1.9-0+deb12u1', [5, 1, 9]],
  ['6.1.1-3ubuntu5', [6, 1, 1]],
  ['n7.1', [7, 1]],
  ['v24.2.0', [24, 2, 0]],
  ['7.0.2-static', [7, 0, 2]],
]

for (const [text, numbers] of parsed)
  test(`“${text}” is read as ${JSON.stringify(numbers)}`, () => {
    assert.deepEqual(parseVersion(text), numbers)
  })

const compared: readonly (readonly [version: readonly number[], isEnough: boolean])[] = [
  [[4, 4, 2], false],
  [[5], false],
  [[5, 0, 9], false],
  [[5, 1], true],
  [[5, 1, 9], true],
  [[5, 10], true],
  [[6], true],
]

for (const [version, isEnough] of compared)
  test(`${version.join('.')} ${isEnough ? 'is' : 'is not'} at least 5.1`, () => {
    assert.equal(isAtLeast(version, [5, 1]), isEnough)
  })
