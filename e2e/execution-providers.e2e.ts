import assert from 'node:assert/strict'
import { test } from 'node:test'
import { installedLibraries } from '#gpu/execution-provider.ts'
import { systemSchema } from '#protocol/api.ts'
import { startAndFail, startServer } from './support/sightline-server.ts'

const skip = installedLibraries.missing('tensorrt') === null && 'TensorRT is there'

test(
  'without a GPU the server serves on the CPU; one line and /api/system say why on nothing better',
  { skip },
  async () => {
    await using server = await startServer()
    const { inference } = systemSchema.parse(await server.getJson('/api/system'))
    assert.equal(inference.executionProvider, 'cpu')
    assert.deepEqual(
      inference.passedOver.map(({ provider }) => provider),
      ['tensorrt', 'cuda'],
    )
    assert.match(inference.passedOver[0]?.reason ?? '', /libonnxruntime_providers_\w+\.so/)
    const { state, progress, reason } = inference.engine
    assert.deepEqual([state, progress], ['none', null])
    assert.match(reason ?? '', /^tensorrt: libonnxruntime_providers_\w+\.so is missing/)
    const lines = server.log.filter((line) => /tensorrt|cuda/i.test(line))
    assert.equal(lines.length, 1, lines.join('\n'))
    assert.match(
      lines[0] ?? '',
      / info  server: model serves .*provider=cpu passedOver="tensorrt: /,
    )
  },
)

for (const executionProviders of [['tensorrt'], ['tensorrt', 'cuda'], ['cuda']])
  test(
    `a configuration that demands [${executionProviders.join(', ')}] is refused in one sentence that names each library`,
    { skip },
    async () => {
      const { exitCode, output } = await startAndFail({ config: { gpu: { executionProviders } } })
      assert.equal(exitCode, 2, output)
      const [sentence = '', ...others] = output
        .split('\n')
        .filter((line) => line.startsWith('sightline: '))
      assert.deepEqual(others, [])
      assert.ok(sentence.endsWith('(provider_unavailable)'), sentence)
      for (const provider of executionProviders)
        assert.match(
          sentence,
          new RegExp(`${provider}: libonnxruntime_providers_\\w+\\.so is missing`),
        )
    },
  )
