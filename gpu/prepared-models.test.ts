import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { card } from './inference.fixture.ts'
import { listPreparedModels } from './prepared-models.ts'

const root = mkdtempSync(join(tmpdir(), 'sightline-prepared-'))
after(() => rmSync(root, { recursive: true }))

test('A folder that is not there holds no models.', async () => {
  assert.deepEqual(await listPreparedModels(join(root, 'none')), { models: [], refused: [] })
})

test('Models are listed by name; what cannot serve is named with its reason.', async () => {
  const put = (name: string, content: unknown): void =>
    writeFileSync(join(root, name), typeof content === 'string' ? content : JSON.stringify(content))
  put('b.json', { ...card, name: 'b', file: 'b.onnx' })
  put('b.onnx', '')
  put('b.raw.onnx', '')
  put('a.json', { ...card, name: 'a', file: 'a.onnx' })
  put('a.onnx', '')
  put('alone.json', { ...card, name: 'alone', file: 'alone.onnx' })
  put('copy.json', { ...card, name: 'b', file: 'b.onnx' })
  put('half.json', '{"name":')
  put('notes.txt', '')
  const { models, refused } = await listPreparedModels(root)
  assert.deepEqual(
    models.map(({ card: { name }, modelPath, cardPath }) => [name, modelPath, cardPath]),
    ['a', 'b'].map((name) => [name, join(root, `${name}.onnx`), join(root, `${name}.json`)]),
  )
  assert.deepEqual(
    refused.map(({ cardPath }) => cardPath),
    ['alone', 'copy', 'half'].map((name) => join(root, `${name}.json`)),
  )
  assert.match(refused[0]?.reason ?? '', /its file alone\.onnx is missing/)
  assert.match(refused[1]?.reason ?? '', /of another model, b/)
  assert.match(refused[2]?.reason ?? '', /JSON/)
})
