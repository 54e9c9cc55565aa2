import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { promisify } from 'node:util'
import { systemClock } from '#std/clock.ts'
import { EmbeddedRegistry } from './embedded-registry.ts'
import type { NewModelVersion } from './model-registry.ts'
import { describeRegistry } from './registry.contract.ts'

const root = mkdtempSync(join(tmpdir(), 'sightline-embedded-'))
after(() => rmSync(root, { recursive: true }))
const open = (folder: string) => new EmbeddedRegistry({ folder, clock: systemClock })

describeRegistry('the registry in a folder', () => Promise.resolve(open(join(root, 'contract'))))

function made(folder: string): NewModelVersion {
  const [modelPath, cardPath] = [join(folder, 'm.onnx'), join(folder, 'm.json')]
  writeFileSync(modelPath, 'weights')
  writeFileSync(cardPath, '{}')
  const lineage = { dataRootHash: null, gitSha: null, requirements: {}, seed: null }
  return { name: 'm', modelPath, cardPath, licence: 'Apache-2.0', lineage }
}

async function withOne(name: string): Promise<string> {
  const folder = mkdtempSync(join(root, `${name}-`))
  await open(join(folder, 'registry')).add(made(folder))
  return join(folder, 'registry')
}

test('registry.json is what a person reads: the newest state', async () => {
  const folder = await withOne('read')
  await open(folder).setAlias('m', 'champion', 1)
  const text = readFileSync(join(folder, 'registry.json'), 'utf8')
  assert.match(text, /"revision": 2,/)
  assert.match(text, /"champion": 1/)
})

test('what changes nothing writes nothing', async () => {
  const folder = await withOne('same')
  await open(folder).setAlias('m', 'champion', 1)
  await open(folder).setAlias('m', 'champion', 1)
  assert.equal(readdirSync(join(folder, 'revisions')).length, 2)
})

test('a writer that was killed before registry.json was replaced has written all the same', async () => {
  const folder = await withOne('killed')
  const before = readFileSync(join(folder, 'registry.json'))
  await open(folder).setAlias('m', 'champion', 1)
  rmSync(join(folder, 'registry.json'))
  writeFileSync(join(folder, 'registry.json'), before)
  assert.deepEqual((await open(folder).model('m')).aliases, { champion: 1 })
  await open(folder).setAlias('m', 'challenger', 1)
  assert.deepEqual((await open(folder).model('m')).aliases, { champion: 1, challenger: 1 })
})

test('a hundred revisions are kept, and no part of a file', async () => {
  const folder = await withOne('many')
  for (let i = 0; i < 110; i++) await open(folder).recordMetrics('m', 1, 'cpu', { map50: i / 1000 })
  const names = readdirSync(join(folder, 'revisions'))
  assert.equal(names.length, 100)
  assert.ok(names.every((name) => name.endsWith('.json')))
  assert.deepEqual((await open(folder).model('m')).versions[0]?.metrics, { cpu: { map50: 0.109 } })
})

for (const { name, text, says } of [
  { name: 'half a file', text: '{"format":1,', says: /registry\.json is no JSON/ },
  { name: 'another format', text: '{"format":2,"revision":3,"models":{}}', says: /format/ },
  {
    name: 'an alias of version nought',
    text: '{"format":1,"revision":3,"models":{"m":{"versions":[],"aliases":{"champion":0}}}}',
    says: /models\.m\.aliases\.champion/,
  },
])
  test(`${name} is refused with the place, and left as it is`, async () => {
    const folder = await withOne('broken')
    rmSync(join(folder, 'registry.json'))
    writeFileSync(join(folder, 'registry.json'), text)
    await assert.rejects(open(folder).models(), { code: 'registry_invalid', message: says })
    await assert.rejects(open(folder).setAlias('m', 'champion', 1), { code: 'registry_invalid' })
    assert.equal(readFileSync(join(folder, 'registry.json'), 'utf8'), text)
  })

test('bytes that were changed in the folder are not handed out', async () => {
  const folder = await withOne('altered')
  const [version] = (await open(folder).model('m')).versions
  writeFileSync(join(folder, 'files', version?.sha256 ?? ''), 'other')
  const to = { modelPath: join(folder, 'out.onnx'), cardPath: join(folder, 'out.json') }
  await assert.rejects(open(folder).fetch('m', 1, to), { code: 'model_altered' })
})

test('processes that write at the same time lose nothing', async () => {
  const folder = await withOne('processes')
  const script = join(import.meta.dirname, 'record-metrics.fixture.ts')
  const write = (index: number) =>
    promisify(execFile)(process.execPath, [script, folder, `runtime-${index}`, '8'])
  await Promise.all([0, 1, 2].map(write))
  const metrics = (await open(folder).model('m')).versions[0]?.metrics ?? {}
  assert.deepEqual(Object.keys(metrics).sort(), ['runtime-0', 'runtime-1', 'runtime-2'])
  for (const each of Object.values(metrics)) assert.equal(Object.keys(each).length, 8)
})
