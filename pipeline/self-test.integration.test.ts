import assert from 'node:assert/strict'
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, test } from 'node:test'
import { systemClock } from '#std/clock.ts'
import { type Model, openModel } from '#gpu/model.ts'
import { type CatalogueCard, modelCardSchema } from '#gpu/model-card.ts'
import { runSelfTest } from '#gpu/self-test.ts'
import { readCatalogueCard } from './catalogue-card.ts'
import { prepareModel } from './prepare-models.ts'

/** What set-up prepared and fetched. */
const data = resolve(process.env['SIGHTLINE_DATA'] ?? 'data')
const photoPath = join(data, 'self-test', 'parkour.jpg')
const ffmpegPath = process.env['SIGHTLINE_FFMPEG'] ?? 'ffmpeg'
const root = mkdtempSync(join(tmpdir(), 'sightline-self-test-'))
after(() => rmSync(root, { recursive: true }))
const card = await readCatalogueCard('yolox-nano')
const paths = { photoPath, ffmpegPath }

/** A model file prepared for one card and served with another: what a wrong card does. */
async function open(options: {
  readonly prepared?: Partial<CatalogueCard['input']>
  readonly served?: Partial<CatalogueCard['input']>
}): Promise<Model> {
  const dir = mkdtempSync(join(root, 'model-'))
  copyFileSync(join(data, 'models', 'yolox-nano.raw.onnx'), join(dir, 'raw.onnx'))
  const input = { ...card.input, ...options.prepared }
  const { prepared } = await prepareModel({ card: { ...card, input }, dir, onLine: () => {} })
  const served = { ...card, input: { ...card.input, ...options.served }, prepared }
  const cardPath = join(dir, 'served.json')
  writeFileSync(cardPath, JSON.stringify(modelCardSchema.parse(served)))
  return openModel({
    modelPath: join(dir, card.file),
    cardPath,
    executionProviders: ['cpu'],
    intraOpThreads: 1,
    clock: systemClock,
  })
}

for (const { name, fault, suspect, says } of [
  {
    name: 'pixels divided by 255 that the network wants whole',
    fault: { prepared: { scale: 1 / 255 } },
    suspect: 'scale',
    says: /scale \(0\.\.1 or 0\.\.255\)/,
  },
  {
    name: 'a card that says RGB of a network that wants BGR',
    fault: { served: { colourOrder: 'rgb' } },
    suspect: 'colour-order',
    says: /colour order is wrong/,
  },
  {
    name: 'a picture centred in the file whose card says top left',
    fault: { prepared: { fit: 'letterbox-centre' } },
    suspect: 'fit',
    says: /fit is likely wrong/,
  },
  {
    name: 'a picture at the top left in the file whose card says centred',
    fault: { served: { fit: 'letterbox-centre' } },
    suspect: 'fit',
    says: /fit is likely wrong/,
  },
] as const)
  test(`${name}: the self-test fails and suspects the ${suspect}`, async () => {
    await using model = await open(fault)
    const result = await runSelfTest(model, paths)
    assert.ok(!result.passed)
    assert.equal(result.suspect, suspect, result.sentence)
    assert.match(result.sentence, says)
  })

test('a photo that is missing, another photo, and an ffmpeg that is missing are said', async () => {
  await using model = await open({})
  const other = join(root, 'other.jpg')
  writeFileSync(other, 'x')
  for (const [wrong, suspect, says] of [
    [{ photoPath: join(root, 'none.jpg') }, 'photo', /photo of the self-test is missing/],
    [{ photoPath: other }, 'photo', /other\.jpg, is not the one/],
    [{ ffmpegPath: join(root, 'no-ffmpeg') }, 'ffmpeg', /ffmpeg cannot scale.*ENOENT/],
    [{ ffmpegPath: process.execPath }, 'ffmpeg', /^ffmpeg /],
  ] as const) {
    const result = await runSelfTest(model, { ...paths, ...wrong })
    assert.ok(!result.passed)
    assert.equal(result.suspect, suspect)
    assert.match(result.sentence, says)
  }
})

test('the model as it is prepared passes', async () => {
  await using model = await open({})
  assert.deepEqual(await runSelfTest(model, paths), { passed: true })
})
