import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, test } from 'node:test'
import { promisify } from 'node:util'
import { z } from 'zod'
import { writeKittiFixture } from './fixtures/kitti-fixture.ts'

const data = resolve(process.env['SIGHTLINE_DATA'] ?? 'data')
/** Of the set-up step python:notebook. */
const python = join(data, 'python', 'notebook', 'bin', 'python')
const isLeftOut = !existsSync(python) && process.env['CI'] !== 'true'
const noPython = 'no Python: node infra/setup/setup.mjs --for python:notebook'
const assets = resolve(import.meta.dirname, '../../shared/assets/kitti/training')

const root = mkdtempSync(join(tmpdir(), 'sightline-notebook-'))
after(() => rmSync(root, { recursive: true }))

const counts = z.record(z.string(), z.int())
const summarySchema = z.looseObject({
  pictures: z.int(),
  labels: z.int(),
  objects: counts,
  sizes: counts,
  odd: z.record(z.string(), z.unknown()),
})
const notebookSchema = z.looseObject({
  cells: z.array(
    z.looseObject({
      cell_type: z.string(),
      outputs: z
        .array(
          z.looseObject({
            output_type: z.string(),
            text: z.string().or(z.array(z.string())).optional(),
          }),
        )
        .optional(),
    }),
  ),
})

/** Executes the notebook as CI and people do; what it prints in the end, and its pictures. */
async function execute(folder: string) {
  const notebook = join(import.meta.dirname, 'KITTI_EDA.ipynb')
  const to = ['--to', 'notebook', '--output', 'executed', '--output-dir', root]
  // Nothing of the user's own Jupyter or IPython settings, and nothing written there.
  const own = Object.fromEntries(
    ['JUPYTER_CONFIG_DIR', 'JUPYTER_DATA_DIR', 'IPYTHONDIR', 'MPLCONFIGDIR'].map((name) => [
      name,
      join(root, name),
    ]),
  )
  await promisify(execFile)(python, ['-m', 'nbconvert', '--execute', ...to, notebook], {
    env: { ...process.env, ...own, KITTI_FOLDER: folder, PYTHONDONTWRITEBYTECODE: '' },
    timeout: 110_000,
  })
  const text = readFileSync(join(root, 'executed.ipynb'), 'utf8')
  const outputs = notebookSchema.parse(JSON.parse(text)).cells.flatMap((cell) => cell.outputs ?? [])
  const printed = outputs.flatMap((output) => [output.text ?? ''].flat()).join('')
  const [, json = ''] = /^SUMMARY (.*)$/m.exec(printed) ?? []
  const figures = outputs.filter((output) => output.output_type === 'display_data').length
  return { summary: summarySchema.parse(JSON.parse(json)), figures }
}

test(
  'the notebook runs on the fixture and finds what was put into it',
  { skip: isLeftOut && noPython },
  async () => {
    await writeKittiFixture(join(root, 'kitti'))
    const { summary, figures } = await execute(join(root, 'kitti', 'training'))
    assert.equal(figures, 4)
    assert.deepEqual(summary.objects, {
      Car: 12,
      Cyclist: 4,
      DontCare: 2,
      Misc: 1,
      Pedestrian: 5,
      Person_sitting: 1,
      Tram: 1,
      Truck: 1,
      Van: 2,
    })
    assert.deepEqual(Object.keys(summary.sizes), ['1224x370', '1238x374', '1241x376', '1242x375'])
    assert.deepEqual(summary.odd['pictures_without_label'], ['000006'])
    assert.deepEqual(summary.odd['labels_without_picture'], ['000007'])
    assert.equal(summary.odd['empty_label_files'], 1)
    assert.deepEqual(summary.odd['broken_pictures'], ['000009', '000010'])
  },
)

test(
  'the notebook runs on real frames',
  {
    skip: existsSync(assets)
      ? isLeftOut && noPython
      : 'the real frames are not beside this checkout',
  },
  async () => {
    const { summary } = await execute(assets)
    assert.deepEqual([summary.pictures, summary.labels], [7, 7])
    assert.deepEqual(summary.odd['broken_pictures'], [])
  },
)

test('the committed notebook holds no output of anybody', () => {
  const text = readFileSync(join(import.meta.dirname, 'KITTI_EDA.ipynb'), 'utf8')
  const { cells } = notebookSchema.parse(JSON.parse(text))
  assert.deepEqual(
    cells.flatMap((cell) => cell.outputs ?? []),
    [],
  )
})
