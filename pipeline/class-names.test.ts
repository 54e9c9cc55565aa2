import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { parseClassNames, readClassNames } from './class-names.ts'

const dir = mkdtempSync(join(tmpdir(), 'sightline-classes-'))
after(() => rmSync(dir, { recursive: true }))

for (const [text, names] of [
  ["{0: 'person', 1: 'car'}", ['person', 'car']],
  [`{0: "potter's wheel", 1: 'a, b: c', 2: 'it\\'s'}`, ["potter's wheel", 'a, b: c', "it's"]],
  ["{1: 'car', 0: 'person'}", ['person', 'car']],
  ["{0: 'person',}", ['person']],
  ['["person", "car"]', ['person', 'car']],
  ['{"0": "person", "1": "car"}', ['person', 'car']],
  ["{0: 'person', 2: 'car'}", null],
  ["{0: 'person', 0: 'car'}", null],
  ["{0: ''}", null],
  ['{}', null],
  ['[]', null],
  ['', null],
  ['person, car', null],
  ["{0: 'person', 1: car}", null],
] as const)
  test(`Metadata names ${text || '(nothing)'} are ${names === null ? 'not understood' : names.join(' and ')}.`, () => {
    assert.deepEqual(parseClassNames(text), names)
  })

test("COCO's own ids leave out the ten that no class has.", async () => {
  const coco80 = Array.from({ length: 80 }, (_, index) => `class ${index}`)
  const { names, ids } = await readClassNames('coco91', coco80)
  assert.equal(names.length, 80)
  assert.deepEqual([ids?.length, ids?.[0], ids?.[11], ids?.[79]], [80, 1, 13, 90])
  assert.equal((await readClassNames('coco80', coco80)).ids, null)
})

test('A file of names is one a line, whatever its line ends; an empty or missing one is refused.', async () => {
  writeFileSync(join(dir, 'names.txt'), 'fork lift\r\n\r\n  pallet \n')
  const { names } = await readClassNames(join(dir, 'names.txt'), [])
  assert.deepEqual(names, ['fork lift', 'pallet'])
  writeFileSync(join(dir, 'empty.txt'), '\n')
  await assert.rejects(readClassNames(join(dir, 'empty.txt'), []), { code: 'classes_doubtful' })
  await assert.rejects(readClassNames(join(dir, 'none.txt'), []), {
    code: 'classes_doubtful',
    message: /neither coco80 nor coco91 nor a file that can be read: ENOENT/,
  })
})
