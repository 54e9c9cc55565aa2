import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, test } from 'node:test'
import { writeKittiArchives } from '#datasets/fixtures/kitti-fixture.ts'
import { stages } from './stages.ts'

const root = mkdtempSync(join(tmpdir(), 'sightline-front-door-'))
after(() => rmSync(root, { recursive: true }))
await writeKittiArchives(join(root, 'archives'))
const main = resolve(import.meta.dirname, 'main.ts')
const env = { ...process.env, SIGHTLINE_DATA: root }

function run(...args: readonly string[]) {
  const options = { encoding: 'utf8', env } as const
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], options)
  return { status, stdout, stderr }
}

test('--help lists every stage, in order, and ends with 0', () => {
  const { status, stdout } = run('--help')
  assert.equal(status, 0)
  const names = [...stdout.matchAll(/^ {2}([a-z-]+) {2}/gm)].map(([, name]) => name)
  assert.deepEqual(
    names,
    stages.map(({ name }) => name),
  )
})

test('every stage that is there bears its name and explains itself', async () => {
  for (const entry of stages)
    if ('load' in entry) {
      const stage = await entry.load()
      assert.equal(stage.name, entry.name)
      assert.ok(stage.summary.length > 10)
      for (const option of Object.values(stage.options)) assert.ok(option.help.length > 0)
    }
})

test('a stage that is still to be written says so in one sentence', () => {
  for (const entry of stages)
    if ('later' in entry) {
      const { status, stdout, stderr } = run(entry.name, '--anything')
      assert.deepEqual([status, stdout], [2, ''])
      assert.match(stderr, /^pipeline: the stage [a-z-]+ is not written yet: it [^\n]+\n$/)
      break
    }
})

test('the README names every stage, and no file of ours that is not there', () => {
  const readme = readFileSync(join(import.meta.dirname, 'README.md'), 'utf8')
  for (const { name } of stages) assert.ok(readme.includes(`\`${name}`), name)
  const [, table = ''] = readme.split('## Names in the described system')
  const ours = table.split('\n').flatMap((row) => row.split('|')[2] ?? [])
  const files = ours.flatMap(
    (cell) => cell.match(/\b(datasets|pipeline|config)\/[\w-]+\.\w+/g) ?? [],
  )
  assert.ok(files.length >= 10)
  const repository = resolve(import.meta.dirname, '..')
  assert.deepEqual(
    files.filter((file) => !existsSync(join(repository, file))),
    [],
  )
})

for (const { name, args, sentence } of [
  { name: 'no stage', args: [], sentence: /^usage: npm run pipeline -- STAGE/ },
  { name: 'an unknown stage', args: ['preproces'], sentence: /there is no stage preproces; see/ },
  {
    name: 'an unknown option',
    args: ['convert-kitti-to-yolo', '--class', 'kitti3'],
    sentence: /^pipeline: convert-kitti-to-yolo: Unknown option '--class' \(usage\)\n$/,
  },
  {
    name: 'an operand that nobody takes',
    args: ['convert-kitti-to-yolo', 'here'],
    sentence: /Unexpected argument 'here'/,
  },
  {
    name: 'a missing option',
    args: ['convert-kitti-to-yolo', '--out', 'x'],
    sentence: /--in is missing/,
  },
  {
    name: 'a value out of its range',
    args: ['preprocess-kitti', '--val-share', '2'],
    sentence: /--val-share must be a number from 0 to 1, not 2/,
  },
  {
    name: 'none of the choices',
    args: ['convert-kitti-to-yolo', '--in', '.', '--out', 'x', '--classes', 'kitti9'],
    sentence: /--classes must be kitti8, kitti3, coco, not kitti9/,
  },
  {
    name: 'an input that is not there',
    args: ['preprocess-kitti', '--in', join(root, 'nothing')],
    sentence: /holds neither devkit_object.zip/,
  },
] as const)
  test(`${name} ends with 2 and one sentence on stderr`, () => {
    const { status, stdout, stderr } = run(...args)
    assert.deepEqual([status, stdout], [2, ''])
    assert.match(stderr, sentence)
    assert.doesNotMatch(stderr, /\n {4}at /)
  })

test('--json prints one document on stdout and nothing else, --quiet nothing on stderr', () => {
  const out = join(root, 'json')
  const args = ['preprocess-kitti', '--in', join(root, 'archives'), '--out', out]
  const { status, stdout, stderr } = run(...args, '--json', '--quiet')
  assert.deepEqual([status, stderr], [0, ''])
  const { frames }: { frames: unknown } = JSON.parse(stdout)
  assert.equal(frames, 11)
})

test('without --json a person reads lines', () => {
  const out = join(root, 'lines')
  const { status, stdout } = run('preprocess-kitti', '--in', join(root, 'archives'), '--out', out)
  assert.equal(status, 0)
  assert.match(
    stdout,
    /^11 frames of 4 drives; \d+ for training, \d+ for validation \(by drive\)\n/,
  )
})

test('data goes to the data folder where no other is named', () => {
  const raw = join(root, 'archives')
  assert.equal(run('download-kitti', '--accept-license', '--in', raw, '--quiet').status, 0)
  assert.equal(run('preprocess-kitti', '--quiet').status, 0)
  assert.deepEqual(readdirSync(join(root, 'datasets')).sort(), ['processed', 'raw'])
})

test('Ctrl-C ends with 130 and says that the same command goes on', async () => {
  // Nobody listens there: the download waits for its next try.
  const args = ['download-kitti', '--accept-license', '--mirror', 'http://127.0.0.1:1']
  const child = spawn(process.execPath, [main, ...args, '--out', join(root, 'interrupted')], {
    env,
  })
  let stderr = ''
  for await (const chunk of child.stderr) {
    const isFirst = !stderr.includes('trying again')
    stderr += String(chunk)
    if (isFirst && stderr.includes('trying again')) child.kill('SIGINT')
  }
  if (child.exitCode === null) await once(child, 'exit')
  assert.equal(child.exitCode, 130)
  assert.match(stderr, /interrupted; the same command goes on from here\n$/)
})
