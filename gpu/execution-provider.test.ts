import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import {
  describePassedOver,
  librariesIn,
  openOnFirstProvider,
  type ProviderLibraries,
  providerOption,
} from './execution-provider.ts'

const folder = mkdtempSync(join(tmpdir(), 'sightline-providers-'))
after(() => rmSync(folder, { recursive: true }))

const nothingInstalled: ProviderLibraries = {
  missing: (provider) => (provider === 'cpu' ? null : `lib_${provider}.so is missing`),
  explain: () => null,
}
const allInstalled: ProviderLibraries = { missing: () => null, explain: () => null }
const opens = (provider: string): Promise<string> => Promise.resolve(`session on ${provider}`)
const vaguely = (): Promise<string> => Promise.reject(new Error('Failed to load shared library'))

/** A folder with these libraries, none of which the loader takes. */
function folderOf(names: readonly string[]): string {
  const path = mkdtempSync(join(folder, 'libraries-'))
  for (const name of names)
    writeFileSync(join(path, name), 'this is text, not a library\n'.repeat(9))
  return path
}
const shared = 'libonnxruntime_providers_shared.so'
const cuda = 'libonnxruntime_providers_cuda.so'
const tensorrt = 'libonnxruntime_providers_tensorrt.so'

test('a demanded provider that cannot load is refused with the library that is missing', async () => {
  await assert.rejects(openOnFirstProvider(['tensorrt', 'cuda'], opens, nothingInstalled), {
    code: 'provider_unavailable',
    message:
      'no execution provider of the list [tensorrt, cuda] can be loaded. ' +
      'tensorrt: lib_tensorrt.so is missing. cuda: lib_cuda.so is missing',
  })
})

test("onnxruntime's vague failure is replaced with the loader's own words", async () => {
  const libraries = {
    missing: () => null,
    explain: () => 'libcudnn.so.9: cannot open shared object file',
  }
  await assert.rejects(openOnFirstProvider(['cuda'], vaguely, libraries), /cuda: libcudnn\.so\.9/)
  await assert.rejects(
    openOnFirstProvider(['cuda'], vaguely, allInstalled),
    /cuda: Failed to load shared library/,
  )
})

for (const { there, provider, says } of [
  { there: [], provider: 'cuda', says: `${shared} is missing in` },
  { there: [], provider: 'tensorrt', says: `${shared} is missing in` },
  { there: [shared], provider: 'cuda', says: `${cuda} is missing in` },
  { there: [shared, cuda], provider: 'tensorrt', says: `${tensorrt} is missing in` },
])
  test(`a folder with [${there.join(', ')}] has no ${provider}: the first library that it lacks is named`, async () => {
    const path = folderOf(there)
    const tried: string[] = []
    const open = (name: string): Promise<string> => opens((tried.push(name), name))
    const refusal = openOnFirstProvider([provider], open, librariesIn(path, 'linux'))
    await assert.rejects(refusal, {
      code: 'provider_unavailable',
      message: `no execution provider of the list [${provider}] can be loaded. ${provider}: ${says} ${path}`,
    })
    assert.deepEqual(tried, [], 'onnxruntime is not asked')
  })

test('a library that is there and does not load is named in the words of the loader', async () => {
  const path = folderOf([shared, cuda, tensorrt])
  const libraries = librariesIn(path, 'linux')
  for (const provider of ['cuda', 'tensorrt'])
    await assert.rejects(
      openOnFirstProvider([provider], vaguely, libraries),
      new RegExp(`${provider}: ${join(path, shared)}: (invalid ELF header|file too short)`),
    )
})

test('a library that lacks another one names that one, and the package that brings it', (context) => {
  const explain = (text: string): string => {
    const loader = context.mock.method(process, 'dlopen', () => {
      throw new Error(text)
    })
    try {
      return librariesIn(folder, 'linux').explain('tensorrt') ?? 'it loads'
    } finally {
      loader.mock.restore()
    }
  }
  const absent = 'cannot open shared object file: No such file or directory'
  for (const [text, says] of [
    [`libnvinfer.so.10: ${absent}`, `libnvinfer.so.10: ${absent} (it belongs to TensorRT 10)`],
    [`libcudnn.so.9: ${absent}`, `libcudnn.so.9: ${absent} (it belongs to cuDNN 9)`],
    [`libcublasLt.so.13: ${absent}`, `libcublasLt.so.13: ${absent} (it belongs to CUDA 13)`],
    [`libcuda.so.1: ${absent}`, `libcuda.so.1: ${absent} (it belongs to the NVIDIA driver)`],
    [`libstdc++.so.7: ${absent}`, `libstdc++.so.7: ${absent}`],
    ["Module did not self-register: '/x.so'.", 'it loads'],
  ] as const)
    assert.equal(explain(text), says)
})

test('elsewhere than on Linux the GPU providers are not looked for', () => {
  const libraries = librariesIn(folderOf([shared, cuda, tensorrt]), 'darwin')
  assert.equal(libraries.missing('cpu'), null)
  assert.equal(libraries.missing('cuda'), 'there is one for Linux only')
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

for (const [providers, libraries, chosen, passedOver] of [
  [['tensorrt', 'cuda', 'cpu'], nothingInstalled, 'cpu', ['tensorrt', 'cuda']],
  [['tensorrt', 'cuda', 'cpu'], allInstalled, 'tensorrt', []],
  [['cuda', 'cpu'], allInstalled, 'cuda', []],
] as const)
  test(`[${providers.join(', ')}] opens on ${chosen} where ${libraries === allInstalled ? 'all' : 'none but cpu'} can load`, async () => {
    const opened = await openOnFirstProvider(providers, opens, libraries)
    assert.equal(opened.executionProvider, chosen)
    assert.equal(opened.session, `session on ${chosen}`)
    assert.deepEqual(
      opened.passedOver.map(({ provider }) => provider),
      passedOver,
    )
  })

test('the next provider is tried where the first one fails to open, and its failure is kept', async () => {
  const open = (provider: string): Promise<string> =>
    provider === 'cuda' ? Promise.reject(new Error('no device')) : opens(provider)
  const opened = await openOnFirstProvider(['cuda', 'cpu'], open, allInstalled)
  assert.equal(opened.executionProvider, 'cpu')
  assert.equal(describePassedOver(opened.passedOver), 'cuda: no device')
})

test('a GPU provider is told which GPU; the CPU has none', () => {
  assert.equal(providerOption('cpu', 3), 'cpu')
  assert.deepEqual(providerOption('cuda', 0), { name: 'cuda', deviceId: 0 })
  assert.deepEqual(providerOption('tensorrt', 3), { name: 'tensorrt', deviceId: 3 })
})
