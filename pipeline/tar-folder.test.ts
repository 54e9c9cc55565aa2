import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tarOf } from './tar.fixture.ts'
import { readTarFolder } from './tar-folder.ts'

const text = (content: string): Uint8Array => Buffer.from(content)
const long = `package/${'deep/'.repeat(25)}models`

for (const { name, tar, says } of [
  { name: 'an empty archive', tar: Buffer.alloc(1024), says: /has no folder package\/m/ },
  { name: 'no bytes', tar: Buffer.alloc(0), says: /has no folder/ },
  { name: 'another folder', tar: tarOf({ 'package/x/a': text('1') }), says: /has no folder/ },
  {
    name: 'a folder as its only entry',
    tar: tarOf({ 'package/m/a': text('') }, '5'),
    says: /has no/,
  },
  {
    name: 'a file that is cut off',
    tar: tarOf({ 'package/m/a': text('12345') }).subarray(0, 514),
    says: /cut off at package\/m\/a/,
  },
  {
    name: 'a size that is no number',
    tar: Buffer.concat([Buffer.from('package/m/a'), Buffer.alloc(501)]),
    says: /cut off at package\/m\/a/,
  },
] as const)
  test(`Of ${name} nothing is read.`, () => {
    assert.throws(() => readTarFolder(tar, 'package/m'), { code: 'archive_invalid', message: says })
  })

test('The files right inside the folder are read, and no others.', () => {
  const tar = tarOf({
    'package/m/one': text('1'),
    'package/m/inner/two': text('2'),
    'package/mm/three': text('3'),
    'package/m/full': Buffer.alloc(512, 7),
    'package/m/empty': text(''),
  })
  const files = readTarFolder(tar, 'package/m')
  assert.deepEqual([...files.keys()], ['one', 'full', 'empty'])
  assert.equal(Buffer.from(files.get('one') ?? []).toString(), '1')
  assert.deepEqual(Buffer.from(files.get('full') ?? []), Buffer.alloc(512, 7))
})

test('A long path is put together of its two parts.', () => {
  const files = readTarFolder(tarOf({ [`${long}/a`]: text('deep') }), long)
  assert.equal(Buffer.from(files.get('a') ?? []).toString(), 'deep')
})
