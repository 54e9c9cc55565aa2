import assert from 'node:assert/strict'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import {
  placeFileAtomically,
  readFileIfThere,
  sha256Of,
  sha256OfFile,
  sizeIfThere,
  writeFileAtomically,
} from './atomic-file.ts'

const root = mkdtempSync(join(tmpdir(), 'sightline-atomic-'))
after(() => rmSync(root, { recursive: true }))
const folder = (): string => mkdtempSync(join(root, 'a-'))

test('a file is written with its folders, and nothing is left beside it', async () => {
  const path = join(folder(), 'deep/er/a.txt')
  assert.equal(await writeFileAtomically(path, 'new'), 'written')
  assert.equal(readFileSync(path, 'utf8'), 'new')
  assert.deepEqual(readdirSync(join(path, '..')), ['a.txt'])
})

test('a file that has the content already keeps its time', async () => {
  const path = join(folder(), 'a.txt')
  writeFileSync(path, 'same')
  utimesSync(path, 1000, 1000)
  assert.equal(await writeFileAtomically(path, Buffer.from('same')), 'stood')
  assert.equal(statSync(path).mtimeMs, 1_000_000)
})

test('what a killed process left of the file is replaced', async () => {
  const path = join(folder(), 'a.txt')
  writeFileSync(`${path}.part`, 'half a sen')
  await writeFileAtomically(path, 'a sentence')
  assert.deepEqual(readdirSync(join(path, '..')), ['a.txt'])
  assert.equal(readFileSync(path, 'utf8'), 'a sentence')
})

test('a write that fails leaves the old file and no part', async () => {
  const path = join(folder(), 'a')
  mkdirSync(path)
  writeFileSync(join(path, 'inner'), '')
  await assert.rejects(writeFileAtomically(path, 'x'))
  assert.deepEqual(readdirSync(join(path, '..')), ['a'])
})

test('a placed file has the bytes, over an old one, over a part, and over itself', async () => {
  const from = join(folder(), 'from')
  const to = join(folder(), 'to')
  writeFileSync(from, 'bytes')
  writeFileSync(to, 'old')
  writeFileSync(`${to}.part`, 'half')
  await placeFileAtomically(from, to)
  await placeFileAtomically(from, to)
  assert.equal(readFileSync(to, 'utf8'), 'bytes')
  assert.ok(!existsSync(`${to}.part`))
})

test('replacing a placed file leaves the one it came from', async () => {
  const from = join(folder(), 'from')
  const to = join(folder(), 'to')
  writeFileSync(from, 'bytes')
  await placeFileAtomically(from, to)
  await writeFileAtomically(to, 'other')
  assert.equal(readFileSync(from, 'utf8'), 'bytes')
})

test('absence is a value, a folder is no file, and hashes agree', async () => {
  const path = join(folder(), 'a')
  assert.deepEqual([await readFileIfThere(path), await sizeIfThere(path)], [null, null])
  assert.equal(await readFileIfThere(join(path, 'below')), null)
  assert.equal(await sizeIfThere(root), null)
  writeFileSync(path, 'abc')
  assert.equal(await sha256OfFile(path), sha256Of('abc'))
  assert.match(sha256Of('abc'), /^ba7816bf/)
})
