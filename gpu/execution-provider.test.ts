import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openOnFirstProvider, type ProviderLibraries } from './execution-provider.ts'

const nothingInstalled: ProviderLibraries = {
  missing: (provider) => (provider === 'cpu' ? null : `lib_${provider}.so is missing`),
  explain: () => null,
}
const allInstalled: ProviderLibraries = { missing: () => null, explain: () => null }
const opens = (provider: string): Promise<string> => Promise.resolve(`session on ${provider}`)

test('a demanded provider that cannot load is refused with the library that is missing', async () => {
  await assert.rejects(openOnFirstProvider(['tensorrt', 'cuda'], opens, nothingInstalled), {
    code: 'provider_unavailable',
    message:
      'no execution provider of the list [tensorrt, cuda] can be loaded. ' +
      'tensorrt: lib_tensorrt.so is missing. cuda: lib_cuda.so is missing',
  })
})

test("onnxruntime's vague failure is replaced with the loader's own words", async () => {
  const fails = (): Promise<string> => Promise.reject(new Error('Failed to load shared library'))
  const libraries = {
    missing: () => null,
    explain: () => 'libcudnn.so.9: cannot open shared object file',
  }
  await assert.rejects(openOnFirstProvider(['cuda'], fails, libraries), /cuda: libcudnn\.so\.9/)
  await assert.rejects(
    openOnFirstProvider(['cuda'], fails, allInstalled),
    /cuda: Failed to load shared library/,
  )
})

test('a model that the CPU cannot read is no matter of providers', async () => {
  const broken = new Error('invalid protobuf')
  const fails = (): Promise<string> => Promise.reject(broken)
  await assert.rejects(openOnFirstProvider(['cuda', 'cpu'], fails, nothingInstalled), broken)
})

test('a provider that nobody knows is not tried', async () => {
  const tried: string[] = []
  const open = (provider: string): Promise<string> => {
    tried.push(provider)
    return opens(provider)
  }
  await assert.rejects(openOnFirstProvider(['abacus'], open), { code: 'provider_unavailable' })
  assert.deepEqual(tried, [])
})

for (const [providers, libraries, chosen] of [
  [['tensorrt', 'cuda', 'cpu'], nothingInstalled, 'cpu'],
  [['tensorrt', 'cuda', 'cpu'], allInstalled, 'tensorrt'],
  [['cuda', 'cpu'], allInstalled, 'cuda'],
] as const)
  test(`[${providers.join(', ')}] opens on ${chosen} where ${libraries === allInstalled ? 'all' : 'none but cpu'} can load`, async () => {
    const { session, executionProvider } = await openOnFirstProvider(providers, opens, libraries)
    assert.equal(executionProvider, chosen)
    assert.equal(session, `session on ${chosen}`)
  })

test('the next provider is tried where the first one fails to open', async () => {
  const open = (provider: string): Promise<string> =>
    provider === 'cuda' ? Promise.reject(new Error('no device')) : opens(provider)
  const { executionProvider } = await openOnFirstProvider(['cuda', 'cpu'], open, allInstalled)
  assert.equal(executionProvider, 'cpu')
})
