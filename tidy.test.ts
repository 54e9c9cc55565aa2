// The rules of the house that no compiler holds: who may import whom, where time, environment and console live, how
// files are named. Each message names the alternative.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname, join, normalize, relative, resolve } from 'node:path'
import { test } from 'node:test'

const root = import.meta.dirname
const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => /\.(ts|svelte|mjs)$/.test(file) && existsSync(join(root, file)))

const isTest = (file: string): boolean => /\.(test|e2e|bench|contract|sim)\.ts$/.test(file)

const stageContract = ['stage.ts', 'stage-error.ts', 'stage-arguments.ts', 'stage.fixture.ts'].map(
  (name) => `pipeline/${name}`,
)

/** Folder -> the folders and single files of ours that its files may import, besides itself. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  std: [],
  protocol: [],
  config: ['std'],
  gpu: ['std'],
  server: ['std', 'protocol', 'config', 'gpu'],
  client: ['protocol'],
  sdk: ['protocol'],
  pipeline: [
    'gpu',
    'protocol',
    'config',
    'std',
    'server/rtsp',
    'server/source',
    'server/decode',
    'server/slo',
    'datasets',
  ],
  // The contract that stages are written against, and nothing else of the pipeline: that one runs the stages.
  datasets: ['std', 'config', 'gpu/picture.ts', ...stageContract],
  e2e: ['std', 'protocol', 'config', 'gpu', 'server', 'pipeline', 'client', 'infra'],
  infra: ['std'],
  'tidy.test.ts': [],
}

/** A stage knows the stages before it, never the next one; camera/ joins, server.ts constructs. */
const stageOrder = [
  'rtsp',
  'source',
  'decode',
  'relay',
  'track',
  'publish',
  'slo',
  'camera',
  'http',
]

/** Package -> the one place that imports it, so that it can be replaced in one place. */
const importers: Readonly<Record<string, readonly string[]>> = {
  mediasoup: ['server/relay/'],
  'sdp-transform': ['server/relay/'],
  'onnxruntime-node': ['gpu/'],
  sharp: ['gpu/picture.ts'],
  ws: ['server/publish/', 'e2e/'],
  'prom-client': ['server/metrics'],
  hono: ['server/http/'],
  '@hono/node-server': ['server/http/'],
  yaml: ['config/'],
  yauzl: ['datasets/'],
  'onnx-proto': ['pipeline/', 'gpu/'],
  svelte: ['client/'],
  vite: ['client/'],
  'playwright-core': ['e2e/', 'infra/'],
}

const banned: readonly {
  readonly pattern: RegExp
  readonly except: RegExp
  readonly instead: string
}[] = [
  {
    pattern: /\bDate\.now\b|\bnew Date\(\)|\bperformance\.now\b/,
    except: /^(std|client\/src)\/clock\.ts$/,
    instead: 'take a Clock as a parameter',
  },
  {
    pattern: /\bset(Timeout|Interval)\(|node:timers/,
    except: /^(std|client\/src)\/clock\.ts$/,
    instead: 'use clock.after, clock.every or sleep',
  },
  {
    pattern: /\bprocess\.env\b/,
    except: /^config\/load\.ts$/,
    instead: 'let config/load.ts read it and take a value',
  },
  {
    pattern: /\bconsole\./,
    except: /^server\/main\.ts$/,
    instead: 'take a Log as a parameter',
  },
]
const bannedIn = /^(std|protocol|config|gpu|server|client\/src)\//

test('every folder imports only what its layer allows', () => {
  const wrong: string[] = []
  for (const file of files)
    for (const target of ownImports(file)) {
      const layer = layerOf(file)
      if (layerOf(target) === layer) continue
      const allowed = mayImport[layer] ?? []
      if (allowed.some((each) => target === each || target.startsWith(`${each}/`))) continue
      // Tests may start the real parts that the end-to-end tests use.
      if (isTest(file) && target.startsWith('e2e/support/')) continue
      wrong.push(
        `${file} imports ${target}: ${layer}/ may import ${allowed.join(', ') || 'nothing'}`,
      )
    }
  assert.deepEqual(wrong, [])
})

test('a stage of the server never imports the next one', () => {
  const wrong: string[] = []
  for (const file of files) {
    if (isTest(file)) continue
    const from = stageOrder.indexOf(stageOf(file))
    if (from < 0) continue
    for (const target of ownImports(file)) {
      const to = stageOrder.indexOf(stageOf(target))
      if (to > from)
        wrong.push(`${file} imports ${target}: declare what you need beside you instead`)
      if (/^server\/(server|main)\.ts$/.test(target))
        wrong.push(`${file} imports ${target}: only the process constructs`)
    }
  }
  assert.deepEqual(wrong, [])
})

test('there are no import cycles', () => {
  const done = new Set<string>()
  const visit = (file: string, path: readonly string[]): void => {
    const start = path.indexOf(file)
    assert.ok(start < 0, `cycle: ${[...path.slice(start), file].join(' -> ')}`)
    if (done.has(file)) return
    for (const target of ownImports(file)) visit(target, [...path, file])
    done.add(file)
  }
  for (const file of files) visit(file, [])
})

test('each big package has one importer', () => {
  const wrong: string[] = []
  for (const file of files)
    for (const name of packageImports(file)) {
      const places = importers[name]
      if (places === undefined || places.some((place) => file.startsWith(place))) continue
      if (isTest(file)) continue
      wrong.push(`${file} imports ${name}: only ${places.join(', ')} may`)
    }
  assert.deepEqual(wrong, [])
})

test('time, environment and console have one place each', () => {
  const wrong: string[] = []
  for (const file of files) {
    if (!bannedIn.test(file) || isTest(file)) continue
    const code = withoutComments(readFileSync(join(root, file), 'utf8'))
    for (const { pattern, except, instead } of banned) {
      const found = pattern.exec(code)
      if (found !== null && !except.test(file)) wrong.push(`${file}: ${found[0]} -> ${instead}`)
    }
  }
  assert.deepEqual(wrong, [])
})

test('files are named after what they hold, and are small', () => {
  const wrong: string[] = []
  for (const file of files) {
    const name = basename(file).split('.')[0] ?? ''
    if (/^(utils?|helpers?|common|types|services?|manager|misc|index)$/.test(name))
      wrong.push(`${file}: name the thing it holds`)
    const lines = readFileSync(join(root, file), 'utf8').split('\n').length
    if (lines > 301) wrong.push(`${file}: ${lines} lines, 300 at most: it is more than one thing`)
  }
  assert.deepEqual(wrong, [])
})

test('exports have names', () => {
  const wrong = files.filter(
    (file) =>
      !/\.config\.(ts|js)$/.test(file) &&
      /^export default\b/m.test(readFileSync(join(root, file), 'utf8')),
  )
  assert.deepEqual(wrong, [], 'a default export has another name in each importer')
})

test('no text names a path of one machine', () => {
  const wrong = files.filter((file) =>
    /['"`](\/home|\/root|\/tmp)\//.test(readFileSync(join(root, file), 'utf8')),
  )
  assert.deepEqual(wrong, [], 'use os.tmpdir() or the data folder')
})

function layerOf(file: string): string {
  return file.includes('/') ? (file.split('/')[0] ?? '') : file
}

function stageOf(file: string): string {
  const [folder, stage] = file.split('/')
  return folder === 'server' ? (stage ?? '') : ''
}

function importsOf(file: string): readonly string[] {
  const code = withoutComments(readFileSync(join(root, file), 'utf8'))
  const found: string[] = []
  const pattern =
    /\b(?:import|export)\b[^'"`;()]*?\bfrom\s*['"]([^'"]+)['"]|\bimport\s*\(\s*['"]([^'"]+)['"]|\bimport\s+['"]([^'"]+)['"]/g
  for (const match of code.matchAll(pattern)) {
    const name = match[1] ?? match[2] ?? match[3]
    if (name !== undefined) found.push(name)
  }
  return found
}

function ownImports(file: string): readonly string[] {
  return importsOf(file)
    .flatMap((name) => {
      if (name.startsWith('#')) return [name.slice(1)]
      if (name.startsWith('.'))
        return [normalize(relative(root, resolve(root, dirname(file), name))).split('?')[0] ?? '']
      return []
    })
    .filter((target) => files.includes(target))
}

function packageImports(file: string): readonly string[] {
  return importsOf(file)
    .filter((name) => !/^[.#]|^node:/.test(name))
    .map((name) =>
      name
        .split('/')
        .slice(0, name.startsWith('@') ? 2 : 1)
        .join('/'),
    )
}

/** Good enough for a check: a `//` inside a string with a scheme (`http://`) is kept. */
function withoutComments(code: string): string {
  return code.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[^:'"`])\/\/.*$/gm, '$1')
}
