import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, test } from 'node:test'
import { z } from 'zod'
import { type CatalogueCard, modelCardSchema } from '#gpu/model-card.ts'
import { readCatalogueCard } from './catalogue-card.ts'
import { sha256Of } from './model-sources.ts'
import {
  type PreparedModel,
  rawForUnitRange,
  scalePixels,
  shiftPad,
  swapChannels,
  swapChannelsInCard,
  swapClassesInCard,
  swapClassesInFile,
} from './plant-mutation.fixture.ts'
import { prepareGraph, preparationVersion } from './prepare-graph.ts'
import { runPipeline } from './run-pipeline.fixture.ts'

/** What set-up prepared, and the raw file that it kept. */
const models = resolve(process.env['SIGHTLINE_DATA'] ?? 'data', 'models')
const folder = mkdtempSync(join(tmpdir(), 'sightline-verify-'))
after(() => rmSync(folder, { recursive: true }))
const catalogue = await readCatalogueCard('yolox-nano')
const raw = readFileSync(join(models, 'yolox-nano.raw.onnx'))
const person = 0
const car = 2

const documentSchema = z.object({
  verdict: z.enum(['passed', 'failed']),
  gates: z.array(
    z.object({
      gate: z.string(),
      verdict: z.enum(['passed', 'failed', 'left out']),
      checks: z.array(
        z.object({
          name: z.string(),
          bound: z.string(),
          measured: z.string(),
          verdict: z.string(),
        }),
      ),
    }),
  ),
})

/** A model whose raw file and card are right. */
interface Sound extends PreparedModel {
  readonly raw: Uint8Array
  readonly reference: CatalogueCard
}

function prepared(rawBytes: Uint8Array, reference: CatalogueCard): Sound {
  const bytes = prepareGraph(rawBytes, reference)
  const card = modelCardSchema.parse({
    ...reference,
    prepared: {
      sha256: sha256Of(bytes),
      bytes: bytes.length,
      from: 'path',
      rawSha256: sha256Of(rawBytes),
      preparation: preparationVersion,
    },
  })
  return { raw: rawBytes, reference, bytes, card }
}

const yolox = prepared(raw, catalogue)
const unitRange = prepared(rawForUnitRange(raw), {
  ...catalogue,
  input: { ...catalogue.input, scale: 1 / 255 },
})

/** Gates over a model in a folder of its own; which of them failed, and what else is to be known. */
function verify(sound: Sound, { bytes, card }: PreparedModel, gates: string) {
  const dir = mkdtempSync(join(folder, 'model-'))
  const own = {
    ...card,
    prepared: { ...card.prepared, sha256: sha256Of(bytes), bytes: bytes.length },
  }
  writeFileSync(join(dir, 'yolox-nano.onnx'), bytes)
  writeFileSync(join(dir, 'yolox-nano.json'), JSON.stringify(own))
  writeFileSync(join(dir, 'raw.onnx'), sound.raw)
  mkdirSync(join(dir, 'reference'))
  writeFileSync(join(dir, 'reference', 'card.json'), JSON.stringify(sound.reference))
  const { status, stdout, stderr } = runPipeline(
    'verify',
    '--model',
    join(dir, 'yolox-nano.onnx'),
    '--reference-card',
    join(dir, 'reference', 'card.json'),
    '--gates',
    gates,
    '--json',
    '--quiet',
  )
  assert.notEqual(stdout, '', stderr)
  const { verdict, gates: results } = documentSchema.parse(JSON.parse(stdout))
  const failed = results.filter((each) => each.verdict === 'failed')
  return {
    status,
    verdict,
    failed: failed.map(({ gate }) => gate).join(''),
    why: failed.flatMap(({ checks }) => checks.filter((each) => each.verdict === 'failed')),
  }
}

for (const [name, sound] of [
  ['YOLOX-Nano as it is prepared', yolox],
  ['YOLOX-Nano that wants 0..1', unitRange],
] as const)
  test(`${name} passes`, () => {
    const { status, verdict, why } = verify(sound, sound, 'A,B,C')
    assert.deepEqual([status, verdict, why], [0, 'passed', []])
  })

for (const { name, sound, mutant, failing } of [
  {
    name: 'channels swapped in the file',
    sound: yolox,
    mutant: swapChannels(yolox),
    failing: 'ABC',
  },
  {
    name: 'channels swapped in the card',
    sound: yolox,
    mutant: swapChannelsInCard(yolox),
    failing: 'ABC',
  },
  { name: 'a pad that is off by a pixel', sound: yolox, mutant: shiftPad(yolox), failing: 'ABC' },
  {
    name: 'person and car swapped in the file',
    sound: yolox,
    mutant: swapClassesInFile(yolox, [person, car]),
    failing: 'ABC',
  },
  {
    name: 'person and car swapped in the card',
    sound: yolox,
    mutant: swapClassesInCard(yolox, [person, car]),
    failing: 'ABC',
  },
  {
    name: 'two rare classes swapped in the file',
    sound: yolox,
    mutant: swapClassesInFile(yolox, [70, 78]),
    failing: 'A',
  },
  {
    name: 'two rare classes swapped in the card',
    sound: yolox,
    mutant: swapClassesInCard(yolox, [70, 78]),
    failing: 'A',
  },
  {
    name: 'a division by 255 that the network does not want',
    sound: yolox,
    mutant: scalePixels(yolox, 1 / 255),
    failing: 'ABC',
  },
  {
    name: 'a division by 255 that is missing',
    sound: unitRange,
    mutant: scalePixels(unitRange, 255),
    failing: 'ABC',
  },
  {
    name: 'a division by 255 twice',
    sound: unitRange,
    mutant: scalePixels(unitRange, 1 / 255),
    failing: 'ABC',
  },
])
  test(`${name}: gates ${failing.split('').join(', ')} fail`, (t) => {
    const { status, verdict, failed, why } = verify(sound, mutant, 'A,B,C')
    for (const check of why) t.diagnostic(`${check.name}: ${check.measured}, bound ${check.bound}`)
    assert.deepEqual([status, verdict, failed], [1, 'failed', failing])
  })
