import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { ArgumentValue } from '#pipeline/stage-arguments.ts'
import { stageRig } from '#pipeline/stage.fixture.ts'
import { writeKittiArchives, writeKittiFixture } from './fixtures/kitti-fixture.ts'
import { treeHash } from './fixtures/tree-hash.ts'
import { makeZip } from './fixtures/zip.ts'
import { preprocessKittiStage } from './preprocess-kitti.ts'
import { splitFileSchema } from './split-file.ts'

const root = mkdtempSync(join(tmpdir(), 'sightline-preprocess-'))
after(() => rmSync(root, { recursive: true }))
const archives = join(root, 'archives')
await writeKittiArchives(archives)

async function run(more: Readonly<Record<string, ArgumentValue>> = {}) {
  const out = typeof more['out'] === 'string' ? more['out'] : mkdtempSync(join(root, 'out-'))
  const rig = stageRig({ dataDir: root, arguments: { in: archives, out, ...more } })
  const { verdict } = await preprocessKittiStage.run(rig.context)
  const split = () =>
    splitFileSchema.parse(JSON.parse(readFileSync(join(out, 'split.json'), 'utf8')))
  return { verdict, out, split, warnings: rig.warnings }
}

test('the split by drive has no drive on both sides', async () => {
  const { verdict, split, warnings } = await run()
  const { train, val, groups = {}, leaks } = split()
  assert.equal(verdict, 'done')
  assert.deepEqual([leaks, warnings], [[], []])
  const drives = (ids: readonly string[]) => new Set(ids.map((id) => groups[id]))
  assert.ok(drives(train).isDisjointFrom(drives(val)))
  assert.equal(train.length + val.length, 11)
  assert.ok(val.length > 0)
})

test('a random split warns of the drives that lie on both sides', async () => {
  const { verdict, split, warnings } = await run({ split: 'random', 'val-share': '0.5' })
  assert.ok(split().leaks.length > 0)
  assert.match(warnings.join(), /a random split has \d drives on both sides/)
  assert.equal(verdict, 'done')
})

test("somebody's lists are taken as they are, with a warning where they leak", async () => {
  const lists = { 'train-list': join(root, 'train.txt'), 'val-list': join(root, 'val.txt') }
  writeFileSync(lists['train-list'], '000001\n000002\n')
  writeFileSync(lists['val-list'], '000004\r\n')
  const { split, warnings } = await run(lists)
  assert.deepEqual([split().train, split().val], [['000001', '000002'], ['000004']])
  // 000001 and 000004 are of drive 0005.
  assert.match(warnings.join(), /1 drives on both sides/)
  writeFileSync(lists['val-list'], '000099\n')
  await assert.rejects(run(lists), { message: /val.txt:1: there is no frame 000099/ })
  await assert.rejects(run({ 'train-list': lists['train-list'] }), { code: 'usage' })
})

test('without the devkit a split by drive is refused, and none is possible', async () => {
  const bare = mkdtempSync(join(root, 'bare-'))
  await writeKittiFixture(bare)
  rmSync(join(bare, 'mapping'), { recursive: true })
  await assert.rejects(run({ in: bare }), { code: 'input_missing', message: /devkit/ })
  const { out } = await run({ in: bare, split: 'none' })
  assert.throws(() => readFileSync(join(out, 'split.json')))
  const random = await run({ in: bare, split: 'random' })
  assert.match(random.warnings.join(), /cannot be checked for leaks/)
})

test('archives and an unpacked folder give the same frames', async () => {
  const unpacked = mkdtempSync(join(root, 'unpacked-'))
  await writeKittiFixture(unpacked)
  assert.equal(treeHash((await run({ in: unpacked })).out), treeHash((await run()).out))
})

test('a member that would land outside of the folder is refused', async () => {
  const evil = mkdtempSync(join(root, 'evil-'))
  writeFileSync(
    join(evil, 'devkit_object.zip'),
    makeZip({ '../../training/image_2/000000.png': '' }),
  )
  await assert.rejects(run({ in: evil }), { code: 'input_invalid', message: /no whole zip/ })
})

test('a folder without archives and frames is refused', async () => {
  await assert.rejects(run({ in: root }), { code: 'input_missing', message: /holds neither/ })
})
