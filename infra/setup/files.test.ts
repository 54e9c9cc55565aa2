import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { fingerprint, inTemporaryFolder, sha256OfFile, writeAtomically } from './files.mjs'
import { SetUpError } from './set-up-error.mjs'
import { readStamp, writeStamp } from './stamp.mjs'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sightline-files-'))
  mkdirSync(join(folder, 'client', 'src'), { recursive: true })
  put('client/src/page.ts', 'one')
  put('lock.json', '{}')
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

function put(path: string, text: string): void {
  mkdirSync(join(folder, path, '..'), { recursive: true })
  writeFileSync(join(folder, path), text)
}

const print = (): string => fingerprint(folder, ['client', 'lock.json', 'absent'])

const changes: readonly (readonly [what: string, path: string, isSeen: boolean])[] = [
  ['another content', 'client/src/page.ts', true],
  ['a new file', 'client/src/deep/new.ts', true],
  ['a change of a named file', 'lock.json', true],
  ['a file of an absent path', 'absent', true],
  ['a file elsewhere', 'server/main.ts', false],
  ['a built file', 'client/dist/page.js', false],
  ['a test', 'client/src/page.test.ts', false],
  ['a hidden file', 'client/.cache', false],
]

for (const [what, path, isSeen] of changes)
  test(`${what} ${isSeen ? 'changes' : 'does not change'} the fingerprint`, () => {
    const before = print()
    put(path, 'two')
    assert.equal(print() !== before, isSeen)
  })

test('a renamed file changes the fingerprint', () => {
  const before = print()
  rmSync(join(folder, 'client/src/page.ts'))
  put('client/src/site.ts', 'one')
  assert.notEqual(print(), before)
})

test('a file that cannot be written is one sentence and leaves no part behind', () => {
  mkdirSync(join(folder, 'taken', 'inside'), { recursive: true })
  assert.throws(
    () => writeAtomically(join(folder, 'taken'), 'text'),
    (error) => error instanceof SetUpError && error.message.includes(join(folder, 'taken')),
  )
  assert.deepEqual(readdirSync(folder).sort(), ['client', 'lock.json', 'taken'])
})

test('a temporary folder goes, whatever happens in it', async () => {
  let used = ''
  const use = async (path: string): Promise<never> => {
    used = path
    writeFileSync(join(path, 'half'), '')
    throw new Error('interrupted')
  }
  await assert.rejects(inTemporaryFolder(use), /interrupted/)
  assert.equal(sha256OfFile(join(used, 'half')), null)
})

for (const text of ['', '{"recipe": "a', '"text"', 'null', '{"recipe": 3}'])
  test(`a stamp that reads ${JSON.stringify(text)} counts as none`, () => {
    put('stamp.json', text)
    assert.deepEqual(readStamp(join(folder, 'stamp.json')), {})
  })

test('a stamp is read as it was written', () => {
  const path = join(folder, 'setup', 'stamp.json')
  assert.deepEqual(readStamp(path), {})
  writeStamp(path, { recipe: 'a', sha256: 'b' })
  assert.deepEqual(readStamp(path), { recipe: 'a', sha256: 'b' })
})
