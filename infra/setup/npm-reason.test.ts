import assert from 'node:assert/strict'
import { test } from 'node:test'
import { reasonOf } from './npm-reason.mjs'

const cases: readonly (readonly [code: number, output: string, sentence: string])[] = [
  [127, '', 'npm is not on PATH; it comes with Node'],
  [
    1,
    'npm error code ENOTFOUND\nnpm error syscall getaddrinfo\nnpm error network request failed',
    'npm cannot reach its registry (ENOTFOUND); check the network or npm’s proxy setting',
  ],
  [
    1,
    'npm error code EACCES\nnpm error syscall mkdir\nnpm error path /repo\nnpm error Error: EACCES: permission denied',
    'npm failed: Error: EACCES: permission denied',
  ],
  [1, 'npm ERR! code E401\n', 'npm failed: code E401'],
  [128, '', 'npm failed: exit code 128'],
]

for (const [code, output, sentence] of cases)
  test(`npm’s exit code ${code} with “${output.slice(0, 24)}” is “${sentence}”`, () => {
    assert.equal(reasonOf(code, output), sentence)
  })
