import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { scalePixels } from './plant-mutation.fixture.ts'
import { runPipeline } from './run-pipeline.fixture.ts'
import { verify, verifyDocumentSchema, yolox } from './verify-run.fixture.ts'

const folder = mkdtempSync(join(tmpdir(), 'sightline-verify-'))
after(() => rmSync(folder, { recursive: true }))

test('YOLOX-Nano as set-up prepared it, its own champion, passes every gate', () => {
  const { status, stdout, stderr } = runPipeline(
    'verify',
    '--champion',
    'yolox-nano',
    '--json',
    '--quiet',
  )
  const { gates } = verifyDocumentSchema.parse(JSON.parse(stdout))
  assert.equal(stderr, '')
  // Gate E measures time: on a machine that does something else it may say anything, but it says it.
  const judged = gates.filter(({ gate }) => gate !== 'E')
  for (const { gate, verdict: each, checks } of judged)
    assert.equal(each, 'passed', `${gate}: ${JSON.stringify(checks)}`)
  assert.deepEqual(gates.map(({ gate }) => gate).join(''), 'ABCDEF')
  const speed = gates.find(({ gate }) => gate === 'E')
  assert.notEqual(speed?.verdict, 'left out')
  assert.equal(status, speed?.verdict === 'failed' ? 1 : 0)
})

test('a model that the server does not take into service fails gate D with the server’s words', () => {
  const { status, failed, why } = verify(yolox, scalePixels(yolox, 1 / 255), 'D')
  assert.deepEqual([status, failed], [1, 'D'])
  assert.match(why[0]?.measured ?? '', /scale/)
})

for (const { name, args, says } of [
  {
    name: 'a gate that is none',
    args: ['--gates', 'A,X'],
    says: /“X” is none of A, B, C, D, E, F/,
  },
  { name: 'labels without pictures', args: ['--gt', 'gt.json'], says: /--gt needs --images/ },
  { name: 'a folder without pictures', args: ['--images', folder], says: /there is no picture in/ },
  {
    name: 'a raw file that is missing',
    args: ['--raw', 'none.onnx'],
    says: /cannot read .*none\.onnx/,
  },
  {
    name: 'a reference card that is none',
    args: ['--reference-card', 'package.json'],
    says: /package\.json is no model card/,
  },
])
  test(`verify with ${name} ends with 2 and says so`, () => {
    const { status, stdout, stderr } = runPipeline('verify', ...args)
    assert.deepEqual([status, stdout], [2, ''], stderr)
    assert.match(stderr, says)
  })
