import assert from 'node:assert/strict'
import { delimiter } from 'node:path'
import { test } from 'node:test'
import { findProgram, withoutPackageBins } from './program.mjs'

test('PATH loses every node_modules/.bin that npm has put in front, and nothing else', () => {
  const npm = ['/repo/node_modules/.bin', '/node_modules/.bin/', '/npm/node-gyp-bin']
  const own = ['/usr/local/bin', '/users/me/node_modules/.binaries', '/usr/bin']
  assert.equal(
    withoutPackageBins([...npm, ...own].join(delimiter)),
    ['/npm/node-gyp-bin', ...own].join(delimiter),
  )
  assert.equal(withoutPackageBins(undefined), '')
})

test('a program is not found in a relative folder of PATH, nor where it is a folder', () => {
  assert.equal(findProgram('infra', { PATH: ['', '.', process.cwd()].join(delimiter) }), null)
  assert.equal(findProgram('/nowhere/at/all', { PATH: '' }), null)
})

test('a program is found by name on PATH and by its path', () => {
  assert.equal(findProgram(process.execPath, { PATH: '' }), process.execPath)
  assert.match(findProgram('sh', { PATH: ['/nowhere', '/bin'].join(delimiter) }) ?? '', /\/sh$/)
})
