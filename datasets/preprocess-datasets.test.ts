import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { parseYaml } from '#config/parse-yaml.ts'
import { stageRig } from '#pipeline/stage.fixture.ts'
import { z } from 'zod'
import { ingest } from './data-ingestion.ts'
import { datasetsConfigSchema } from './datasets-config.ts'
import { treeHash } from './fixtures/tree-hash.ts'
import { writeKittiArchives, writeKittiFixture } from './fixtures/kitti-fixture.ts'
import { kittiClassMaps } from './kitti-classes.ts'
import { checkDataset, preprocessDatasets } from './preprocess-datasets.ts'

const root = mkdtempSync(join(tmpdir(), 'sightline-datasets-'))
after(() => rmSync(root, { recursive: true }))
await writeKittiArchives(join(root, 'archives'))
await writeKittiFixture(join(root, 'unpacked'))
const { context } = stageRig({ dataDir: root })

const kitti = { name: 'kitti', kind: 'kitti', in: 'archives', classes: 'kitti3' }
function run(config: unknown, out = join(mkdtempSync(join(root, 'out-')), 'all')) {
  const parsed = datasetsConfigSchema.parse(config)
  return preprocessDatasets({ ...context, config: parsed, out }).then((result) => ({
    ...result,
    out,
  }))
}

test('archives and the unpacked benchmark give the same dataset, byte for byte', async () => {
  const first = await run({ name: 'all', sources: [kitti] })
  const second = await run({ name: 'all', sources: [{ ...kitti, in: 'unpacked' }] })
  assert.equal(treeHash(second.out), treeHash(first.out))
  assert.deepEqual(first.report.leaks, [])
  assert.equal(first.report.imagesBySplit['val'], 2)
})

test('what it writes is a YOLO dataset that ingest reads back as the same', async () => {
  const { out, lock } = await run({ name: 'all', sources: [kitti] })
  const target = mkdtempSync(join(root, 'ingest-'))
  const source = { path: out, out: target, format: null, licence: lock.licence }
  const report = await ingest({ ...context, ...source, name: 'all' })
  assert.equal(report.root, lock.root)
  assert.equal(report.findings.length, 0)
})

test('the lock holds: a changed, an added and a missing file are noticed', async () => {
  const { out, lock } = await run({ name: 'all', sources: [kitti] })
  assert.deepEqual(await checkDataset(out), lock)
  const label = join(out, 'labels/000000.txt')
  const text = readFileSync(label, 'utf8')
  writeFileSync(label, text.replace('0.', '0.1'))
  await assert.rejects(checkDataset(out), { code: 'input_invalid', message: /is not what/ })
  writeFileSync(label, text)
  writeFileSync(join(out, 'labels/more.txt'), '')
  await assert.rejects(checkDataset(out), { code: 'input_invalid' })
  rmSync(join(out, 'labels/more.txt'))
  await checkDataset(out)
  rmSync(label)
  await assert.rejects(checkDataset(out), { code: 'input_invalid' })
})

test('several sources become one, with common classes and names that cannot clash', async () => {
  const { out: yolo } = await run({ name: 'mine', sources: [{ ...kitti, classes: 'kitti8' }] })
  const mine = { name: 'mine', kind: 'yolo', in: yolo, licence: 'own' }
  const { report, lock } = await run({
    name: 'both',
    classes: ['Pedestrian', 'Vehicle'],
    sources: [
      { ...kitti, classes: 'kitti3' },
      { ...mine, map: { Car: 'Vehicle', Truck: 'Vehicle', Van: 'ignore', Tram: 'drop' } },
    ],
  })
  assert.deepEqual(lock.classes, ['Pedestrian', 'Vehicle'])
  assert.equal(lock.licence, 'CC BY-NC-SA 3.0; own')
  // kitti3's cars have no place among these classes: only those of the second source are vehicles.
  assert.deepEqual(report.boxesByClass, { Pedestrian: 10, Vehicle: 6 })
  assert.deepEqual(
    lock.sources.map(({ name, images }) => [name, images]),
    [
      ['kitti', 8],
      ['mine', 8],
    ],
  )
  assert.equal(report.findings.find(({ reason }) => reason === 'picture_duplicate')?.count, 8)
})

test('several sources without common classes are refused, and so is a map to nowhere', async () => {
  const twice = [kitti, { ...kitti, name: 'again' }]
  await assert.rejects(run({ name: 'both', sources: twice }), { message: /list of common classes/ })
  const { out } = await run({ name: 'mine', sources: [kitti] })
  const mine = { name: 'mine', kind: 'yolo', in: out, licence: 'own' }
  await assert.rejects(run({ name: 'x', sources: [{ ...mine, map: { Car: 'Ship' } }] }), {
    message: /Car is to be Ship, which is no class/,
  })
  await assert.rejects(run({ name: 'x', sources: [{ ...mine, map: { Ship: 'Car' } }] }), {
    message: /map names Ship, which it has no class of/,
  })
})

test('the committed config is valid, and data.yaml names the classes it stands for', () => {
  const read = (path: string): string => readFileSync(join(import.meta.dirname, path), 'utf8')
  const text = read('../config/datasets.yaml')
  const { value } = parseYaml(text, { fileName: 'x', schema: datasetsConfigSchema })
  assert.equal(value.sources[0]?.kind, 'kitti')
  const schema = z.looseObject({ names: z.record(z.string(), z.string()) })
  const data = parseYaml(read('data.yaml'), { fileName: 'data.yaml', schema })
  assert.deepEqual(Object.values(data.value.names), [...kittiClassMaps.kitti8.names])
})
