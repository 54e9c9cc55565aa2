import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { startFileServer } from './fixtures/file-server.ts'
import { writeKittiArchives } from './fixtures/kitti-fixture.ts'
import { treeHash } from './fixtures/tree-hash.ts'

const data = mkdtempSync(join(tmpdir(), 'sightline-killed-'))
after(() => rmSync(data, { recursive: true }))
const archives = join(data, 'archives')
await writeKittiArchives(archives)
const server = await startFileServer()
after(() => server[Symbol.asyncDispose]())
for (const name of readdirSync(archives))
  server.serve(name, readFileSync(join(archives, name)), `"${name}"`)
const config = join(data, 'datasets.yaml')
writeFileSync(
  config,
  'name: all\nsources: [{ name: kitti, kind: kitti, in: archives, classes: kitti8 }]\n',
)
// What the later stages read; made by runs that nobody kills.
const frames = join(data, 'frames')
const yolo = join(data, 'yolo')
await run('preprocess-kitti', { in: archives, out: frames })
const split = { split: join(frames, 'split.json') }
await run('convert-kitti-to-yolo', { in: join(frames, 'training'), out: yolo, ...split })

/** The stage's process, which dies at its n-th step, or ends. */
async function run(
  stage: string,
  given: Readonly<Record<string, string | boolean>>,
  dieAtStep = 0,
): Promise<'killed' | 'ended'> {
  const script = join(import.meta.dirname, 'fixtures/mortal-stage.ts')
  const json = JSON.stringify({ data, ...given })
  const child = spawn(process.execPath, [script, stage, String(dieAtStep), json], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const [code, signal]: unknown[] = await once(child, 'exit')
  if (signal === 'SIGKILL') return 'killed'
  assert.equal(code, 0, stage)
  return 'ended'
}

for (const { stage, given, steps } of [
  {
    stage: 'download-kitti',
    given: { 'accept-license': true, mirror: server.url, parts: 'devkit,label_2,image_2' },
    steps: [2, 9, 25],
  },
  {
    stage: 'preprocess-kitti',
    given: { in: archives, split: 'drive' },
    steps: [1, 7, 22],
  },
  {
    stage: 'convert-kitti-to-yolo',
    given: { in: join(frames, 'training'), classes: 'kitti8', ...split },
    steps: [1, 12, 19],
  },
  { stage: 'ingest', given: { in: yolo, licence: 'own' }, steps: [1, 8] },
  { stage: 'preprocess-datasets', given: { config }, steps: [1, 12, 33, 43] },
] as const)
  test(`${stage}, killed at several points and started again, ends with the same bytes`, async () => {
    const whole = join(data, stage, 'whole', 'out')
    mkdirSync(join(data, stage), { recursive: true })
    await run(stage, { ...given, out: whole })
    const expected = treeHash(join(data, stage, 'whole'))
    const survivor = join(data, stage, 'survivor', 'out')
    for (const step of steps) {
      const out = join(data, stage, `killed-${step}`, 'out')
      assert.equal(await run(stage, { ...given, out }, step), 'killed', `step ${step}`)
      assert.equal(await run(stage, { ...given, out }), 'ended')
      assert.equal(treeHash(join(out, '..')), expected, `killed at step ${step}`)
      // One folder that lives through all of the deaths.
      await run(stage, { ...given, out: survivor }, step)
    }
    await run(stage, { ...given, out: survivor })
    assert.equal(treeHash(join(survivor, '..')), expected)
  })
