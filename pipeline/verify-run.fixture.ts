import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after } from 'node:test'
import { z } from 'zod'
import { type CatalogueCard, modelCardSchema } from '#gpu/model-card.ts'
import { readCatalogueCard } from './catalogue-card.ts'
import { sha256Of } from './model-sources.ts'
import { type PreparedModel, rawForUnitRange } from './plant-mutation.fixture.ts'
import { prepareGraph, preparationVersion } from './prepare-graph.ts'
import { runPipeline } from './run-pipeline.fixture.ts'

/** What set-up prepared, and the raw file that it kept. */
const models = resolve(process.env['SIGHTLINE_DATA'] ?? 'data', 'models')
const folder = mkdtempSync(join(tmpdir(), 'sightline-verify-'))
after(() => rmSync(folder, { recursive: true }))
const catalogue = await readCatalogueCard('yolox-nano')
const raw = readFileSync(join(models, 'yolox-nano.raw.onnx'))

export const verifyDocumentSchema = z.object({
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
export interface Sound extends PreparedModel {
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

export const yolox = prepared(raw, catalogue)
/** The same network, fed 0..1: what most trainers export. */
export const unitRange = prepared(rawForUnitRange(raw), {
  ...catalogue,
  input: { ...catalogue.input, scale: 1 / 255 },
})

/** Gates over a model in a folder of its own; which of them failed, and what else is to be known. */
export function verify(sound: Sound, { bytes, card }: PreparedModel, gates: string) {
  const dir = mkdtempSync(join(folder, 'model-'))
  const own = {
    ...card,
    prepared: { ...card.prepared, sha256: sha256Of(bytes), bytes: bytes.length },
  }
  writeFileSync(join(dir, 'yolox-nano.onnx'), bytes)
  writeFileSync(join(dir, 'yolox-nano.json'), JSON.stringify(own))
  writeFileSync(join(dir, 'raw.onnx'), sound.raw)
  writeFileSync(join(dir, 'reference.card'), JSON.stringify(sound.reference))
  const { status, stdout, stderr } = runPipeline(
    'verify',
    '--model',
    join(dir, 'yolox-nano.onnx'),
    '--reference-card',
    join(dir, 'reference.card'),
    '--gates',
    gates,
    '--json',
    '--quiet',
  )
  assert.notEqual(stdout, '', stderr)
  const { verdict, gates: results } = verifyDocumentSchema.parse(JSON.parse(stdout))
  const failed = results.filter((each) => each.verdict === 'failed')
  return {
    status,
    verdict,
    failed: failed.map(({ gate }) => gate).join(''),
    why: failed.flatMap(({ checks }) => checks.filter((each) => each.verdict === 'failed')),
  }
}
