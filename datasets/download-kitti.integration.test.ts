import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { stageRig } from '#pipeline/stage.fixture.ts'
import type { ArgumentValue } from '#pipeline/stage-arguments.ts'
import { downloadKittiStage } from './download-kitti.ts'
import { startFileServer } from './fixtures/file-server.ts'
import { writeKittiArchives } from './fixtures/kitti-fixture.ts'
import { treeHash } from './fixtures/tree-hash.ts'

const root = mkdtempSync(join(tmpdir(), 'sightline-kitti-'))
after(() => rmSync(root, { recursive: true }))
const archives = join(root, 'archives')
await writeKittiArchives(archives)
const server = await startFileServer()
after(() => server[Symbol.asyncDispose]())
for (const name of readdirSync(archives))
  server.serve(name, readFileSync(join(archives, name)), `"${name}"`)

const labels = 'data_object_label_2.zip'
const folder = (): string => mkdtempSync(join(root, 'raw-'))

function run(out: string, more: Readonly<Record<string, ArgumentValue>> = {}) {
  const given = {
    'accept-license': true,
    mirror: `${server.url}/`,
    parts: 'devkit,label_2,image_2',
    out,
    ...more,
  }
  const rig = stageRig({ dataDir: root, arguments: given })
  return { rig, ended: downloadKittiStage.run(rig.context) }
}

test('nothing is fetched before the licence is accepted, and --yes does not accept it', async () => {
  const before = server.requests.length
  const { rig, ended } = run(folder(), { 'accept-license': undefined, yes: true })
  await assert.rejects(ended, { code: 'licence_not_accepted', message: /CC BY-NC-SA 3.0/ })
  assert.match(rig.warnings.join(), /no commercial use/)
  assert.equal(server.requests.length, before)
})

test('the archives come, are recorded with their sha256, and are not fetched twice', async () => {
  const out = folder()
  const { document } = await run(out).ended
  const hash = treeHash(out)
  assert.match(JSON.stringify(document), /"data_object_image_2.zip"[^}]*"sha256":"[0-9a-f]{64}"/)
  const before = server.requests.length
  await run(out).ended
  assert.equal(server.requests.length, before)
  assert.equal(treeHash(out), hash)
  assert.deepEqual(readdirSync(out).sort(), ['archives.json', ...readdirSync(archives)].sort())
})

test('a page of a portal instead of the archive is refused, and leaves nothing', async () => {
  const out = folder()
  server.serve('devkit_object.zip', Buffer.from('<html>please log in</html>'), '"portal"')
  await assert.rejects(run(out).ended, {
    code: 'input_invalid',
    message: /devkit_object.zip.part is no whole zip archive/,
  })
  assert.deepEqual(readdirSync(out), [])
  server.serve('devkit_object.zip', readFileSync(join(archives, 'devkit_object.zip')), '"good"')
  await run(out).ended
})

test('an archive with a flipped bit is refused with the name of the member', async () => {
  const out = folder()
  const flipped = Buffer.from(readFileSync(join(archives, labels)))
  flipped.writeUInt8(flipped.readUInt8(70) ^ 0x20, 70)
  server.serve(labels, flipped, '"flipped"')
  await assert.rejects(run(out).ended, { code: 'input_invalid', message: /label_2\/000000.txt/ })
  server.serve(labels, readFileSync(join(archives, labels)), '"again"')
})

test('an archive that changed since its first use is refused until that is accepted', async () => {
  const out = folder()
  await run(out).ended
  rmSync(join(out, labels))
  server.serve(labels, readFileSync(join(archives, 'devkit_object.zip')), '"new"')
  await assert.rejects(run(out).ended, { code: 'download_changed', message: /--accept-changed/ })
  assert.ok(!readdirSync(out).includes(labels))
  await run(out, { 'accept-changed': true }).ended
  server.serve(labels, readFileSync(join(archives, labels)), '"old"')
})

test('archives that lie in a folder are checked and taken from there', async () => {
  const out = folder()
  const before = server.requests.length
  await run(out, { in: archives }).ended
  assert.equal(server.requests.length, before)
  assert.ok(readFileSync(join(out, labels)).equals(readFileSync(join(archives, labels))))
})

test('archives that were put by hand where they belong are checked and recorded', async () => {
  const out = folder()
  await writeKittiArchives(out)
  await run(out).ended
  writeFileSync(join(out, labels), 'overwritten')
  await assert.rejects(run(out).ended, { code: 'download_changed' })
})

test('a folder without the archives is told by the first that is missing', async () => {
  await assert.rejects(run(folder(), { in: folder() }).ended, {
    code: 'input_missing',
    message: /there is no .*devkit_object.zip/,
  })
})

test('an unknown part is refused', async () => {
  await assert.rejects(run(folder(), { parts: 'labels' }).ended, { code: 'usage' })
})
