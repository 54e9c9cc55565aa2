import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import type { Lineage, ModelRegistry, NewModelVersion } from './model-registry.ts'
import { versionOf } from './model-registry.ts'

const lineage: Lineage = {
  dataRootHash: 'ab'.repeat(32),
  gitSha: 'cd'.repeat(20),
  requirements: { eval: 'ef'.repeat(32), mlflow: '01'.repeat(32) },
  seed: 7,
}
const unknown: Lineage = { dataRootHash: null, gitSha: null, requirements: {}, seed: null }

/** What every registry of models keeps to. `open` gives the same registry again: another process's view of it. */
export function describeRegistry(
  name: string,
  open: () => Promise<ModelRegistry>,
  options: { readonly skip: string | false } = { skip: false },
): void {
  const folder = mkdtempSync(join(tmpdir(), 'sightline-registry-'))
  after(() => rmSync(folder, { recursive: true }))
  let models = 0
  const freshName = (): string => `detector-${++models}`

  function made(model: string, content: string, from: Lineage = lineage): NewModelVersion {
    const id = createHash('sha256').update(content).digest('hex').slice(0, 12)
    const [modelPath, cardPath] = [join(folder, `${id}.onnx`), join(folder, `${id}.json`)]
    writeFileSync(modelPath, `weights of ${content}`)
    writeFileSync(cardPath, `{"name":"${content}"}`)
    return { name: model, modelPath, cardPath, licence: 'Apache-2.0', lineage: from }
  }

  describe(name, { skip: options.skip }, () => {
    test('a model that nobody added is unknown', async () => {
      const registry = await open()
      const none = freshName()
      await assert.rejects(registry.model(none), { code: 'model_unknown' })
      await assert.rejects(registry.setAlias(none, 'champion', 1), { code: 'model_unknown' })
      await assert.rejects(registry.recordMetrics(none, 1, 'cpu', {}), { code: 'model_unknown' })
      assert.equal((await registry.models()).includes(none), false)
    })

    test('a version keeps its hashes, licence and lineage, and numbers count up', async () => {
      const registry = await open()
      const model = freshName()
      const first = made(model, 'first')
      const added = await registry.add(first)
      const second = await registry.add(made(model, 'second', unknown))
      assert.deepEqual([added.version, second.version], [1, 2])
      const sha256 = createHash('sha256').update(readFileSync(first.modelPath)).digest('hex')
      assert.equal(added.sha256, sha256)
      assert.deepEqual([added.licence, added.lineage, added.metrics], ['Apache-2.0', lineage, {}])
      assert.deepEqual(second.lineage, unknown)
      assert.match(added.createdAt, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
      const seen = await (await open()).model(model)
      assert.deepEqual(seen, { name: model, versions: [added, second], aliases: {} })
      assert.ok((await registry.models()).includes(model))
    })

    test('the same bytes again are the version that they were', async () => {
      const registry = await open()
      const model = freshName()
      const first = await registry.add(made(model, 'once'))
      assert.deepEqual(await registry.add(made(model, 'once', unknown)), first)
      assert.equal((await registry.model(model)).versions.length, 1)
    })

    test('metrics are kept by runtime, and those that are measured again replaced', async () => {
      const registry = await open()
      const model = freshName()
      await registry.add(made(model, 'measured'))
      await registry.recordMetrics(model, 1, 'onnxruntime-cpu', { map50_95: 0.25, map50: 0.5 })
      await registry.recordMetrics(model, 1, 'tensorrt-fp16', { map50_95: 0.125 })
      await registry.recordMetrics(model, 1, 'onnxruntime-cpu', { map50_95: 1 / 3, p95_ms: 9.87 })
      assert.deepEqual((await registry.model(model)).versions[0]?.metrics, {
        'onnxruntime-cpu': { map50_95: 1 / 3, map50: 0.5, p95_ms: 9.87 },
        'tensorrt-fp16': { map50_95: 0.125 },
      })
      await assert.rejects(registry.recordMetrics(model, 2, 'cpu', { map50: 1 }), {
        code: 'version_unknown',
      })
    })

    test('champion and challenger point to versions, move and go', async () => {
      const registry = await open()
      const model = freshName()
      await registry.add(made(model, 'old'))
      await registry.add(made(model, 'new'))
      await registry.setAlias(model, 'champion', 1)
      await registry.setAlias(model, 'challenger', 2)
      const seen = await (await open()).model(model)
      assert.deepEqual(seen.aliases, { champion: 1, challenger: 2 })
      assert.equal(versionOf(seen, 'challenger').version, 2)
      await registry.setAlias(model, 'champion', 2)
      await registry.setAlias(model, 'champion', 2)
      await registry.removeAlias(model, 'challenger')
      assert.deepEqual((await registry.model(model)).aliases, { champion: 2 })
    })

    test('an alias that is not set, and a version that is not there', async () => {
      const registry = await open()
      const model = freshName()
      await registry.add(made(model, 'only'))
      await assert.rejects(registry.removeAlias(model, 'challenger'), { code: 'alias_unset' })
      await assert.rejects(registry.setAlias(model, 'champion', 2), { code: 'version_unknown' })
      const seen = await registry.model(model)
      assert.throws(() => versionOf(seen, 'champion'), { code: 'alias_unset' })
      assert.throws(() => versionOf(seen, 'constructor'), { code: 'alias_unset' })
      assert.throws(() => versionOf(seen, '9'), { code: 'version_unknown' })
      const to = { modelPath: join(folder, 'no.onnx'), cardPath: join(folder, 'no.json') }
      await assert.rejects(registry.fetch(model, 9, to), { code: 'version_unknown' })
    })

    for (const bad of ['', '../../etc', "o'clock", 'a b', '-x', 'x'.repeat(101)])
      test(`no model, runtime, metric or alias is named ${JSON.stringify(bad.slice(0, 12))}`, async () => {
        const registry = await open()
        const model = freshName()
        const refused = { code: 'name_invalid' }
        await assert.rejects(registry.add(made(bad, 'named')), refused)
        await registry.add(made(model, 'named'))
        await assert.rejects(registry.setAlias(model, bad, 1), refused)
        await assert.rejects(registry.recordMetrics(model, 1, bad, { map50: 1 }), refused)
        await assert.rejects(registry.recordMetrics(model, 1, 'cpu', { [bad]: 1 }), refused)
      })

    for (const alias of ['7', 'v7', 'latest'])
      test(`no alias is named ${alias}: it would be taken for a version`, async () => {
        const registry = await open()
        const model = freshName()
        await registry.add(made(model, 'named'))
        await assert.rejects(registry.setAlias(model, alias, 1), { code: 'name_invalid' })
      })

    test('a metric that is no number is refused', async () => {
      const registry = await open()
      const model = freshName()
      await registry.add(made(model, 'nan'))
      const record = registry.recordMetrics(model, 1, 'cpu', { map50: Number.NaN })
      await assert.rejects(record, { code: 'name_invalid' })
    })

    test('the files come back as they were, whatever became of those that were added', async () => {
      const registry = await open()
      const model = freshName()
      const added = made(model, 'kept')
      await registry.add(added)
      writeFileSync(added.modelPath, 'something else')
      const to = { modelPath: join(folder, 'deep', 'm.onnx'), cardPath: join(folder, 'm.json') }
      await registry.fetch(model, 1, to)
      assert.equal(readFileSync(to.modelPath, 'utf8'), 'weights of kept')
      assert.equal(readFileSync(to.cardPath, 'utf8'), '{"name":"kept"}')
      writeFileSync(to.modelPath, 'written into')
      await registry.fetch(model, 1, to)
      assert.equal(readFileSync(to.modelPath, 'utf8'), 'weights of kept')
    })

    test('a file that is not there is not added', async () => {
      const registry = await open()
      const model = freshName()
      const missing = { ...made(model, 'gone'), modelPath: join(folder, 'nowhere.onnx') }
      await assert.rejects(registry.add(missing), { code: 'model_unknown' })
      await assert.rejects(registry.model(model), { code: 'model_unknown' })
    })

    test('writers at the same time lose nothing', async () => {
      const model = freshName()
      const writers = await Promise.all(Array.from({ length: 6 }, open))
      const added = await Promise.all(
        writers.map((registry, index) => registry.add(made(model, `writer ${index}`))),
      )
      const numbers = added.map(({ version }) => version).toSorted((a, b) => a - b)
      assert.deepEqual(numbers, [1, 2, 3, 4, 5, 6])
      await Promise.all(
        writers.map((registry, index) =>
          registry.recordMetrics(model, index + 1, 'cpu', { map50: index / 10 }),
        ),
      )
      const { versions } = await (await open()).model(model)
      const values = versions.map(({ metrics }) => metrics['cpu']?.['map50'])
      assert.deepEqual(values, [0, 0.1, 0.2, 0.3, 0.4, 0.5])
    })
  })
}
