import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { sha256Of } from '#std/atomic-file.ts'
import { type Clock, systemClock } from '#std/clock.ts'
import { download, type DownloadOptions } from './download.ts'
import { type Fault, startFileServer } from './fixtures/file-server.ts'

const root = mkdtempSync(join(tmpdir(), 'sightline-download-'))
after(() => rmSync(root, { recursive: true }))
const server = await startFileServer()
after(() => server[Symbol.asyncDispose]())

/** Pauses between tries take no time. */
const hastyClock: Clock = {
  ...systemClock,
  after: (_, callback) => systemClock.after(0, callback),
}
const bytesOf = (length: number, seed: number): Buffer =>
  Buffer.from(Array.from({ length }, (_, i) => (i * 31 + seed * 7 + (i >> 8)) % 256))
const content = bytesOf(300_000, 1)
const other = bytesOf(300_000, 2)

interface Try {
  readonly path: string
  readonly notes: string[]
  run(overrides?: Partial<DownloadOptions>): ReturnType<typeof download>
}

function prepare(name: string, faults: readonly Fault[] = [], etag: string | null = '"v1"'): Try {
  const path = join(mkdtempSync(join(root, 'a-')), `${name}.zip`)
  server.serve(name, content, etag)
  server.breakNext(...faults)
  const notes: string[] = []
  return {
    path,
    notes,
    run: (overrides = {}) =>
      download({
        url: `${server.url}/${name}`,
        path,
        fetch: (url, init) => fetch(url, init),
        freeBytes: () => Promise.resolve(1e12),
        clock: hastyClock,
        signal: new AbortController().signal,
        onProgress: (done) => server.received(done),
        onNote: (line) => void notes.push(line),
        check: () => Promise.resolve(),
        ...overrides,
      }),
  }
}

const requestsOf = (name: string): readonly string[] =>
  server.requests
    .filter((line) => line.startsWith(`${name} `))
    .map((line) => line.slice(name.length + 1))

function assertWhole(path: string, expected: Buffer = content): void {
  assert.ok(readFileSync(path).equals(expected))
  assert.deepEqual(readdirSync(join(path, '..')), [path.split('/').at(-1)])
}

/** A try that is given up after it got `bytes`. */
async function killedAfter(bytes: number, attempt: Try): Promise<void> {
  const stop = new AbortController()
  server.breakNext({ cutAfter: bytes })
  await assert.rejects(
    attempt.run({ signal: stop.signal, onNote: () => stop.abort(new Error('killed')) }),
    /killed/,
  )
  assert.equal(existsSync(attempt.path), false)
}

for (const at of [0, 1, 65_536, 299_999])
  test(`a connection cut at byte ${at} is gone on with there, and the bytes are right`, async () => {
    const attempt = prepare(`cut-${at}`, [{ cutAfter: at }])
    const { bytes, sha256, etag } = await attempt.run()
    assert.deepEqual([bytes, sha256, etag], [content.length, sha256Of(content), '"v1"'])
    assertWhole(attempt.path)
    assert.deepEqual(requestsOf(`cut-${at}`), ['all', at === 0 ? 'all' : `bytes=${at}-`])
  })

test('a connection cut again and again is gone on with as long as it brings bytes', async () => {
  const attempt = prepare(
    'often',
    Array.from({ length: 20 }, () => ({ cutAfter: 10_000 })),
  )
  await attempt.run()
  assertWhole(attempt.path)
  assert.equal(requestsOf('often').at(-1), 'bytes=200000-')
})

test('a process that was killed leaves a part that the next one goes on from', async () => {
  const attempt = prepare('killed')
  await killedAfter(50_000, attempt)
  assert.equal(statSync(`${attempt.path}.part`).size, 50_000)
  await attempt.run()
  assertWhole(attempt.path)
  assert.deepEqual(requestsOf('killed'), ['all', 'bytes=50000-'])
})

test('a part that was whole when its process was killed only needs its name', async () => {
  const attempt = prepare('named')
  const stop = new AbortController()
  await assert.rejects(
    attempt.run({
      signal: stop.signal,
      check: () => {
        stop.abort(new Error('killed'))
        return Promise.reject(new Error('killed'))
      },
    }),
    /killed/,
  )
  await attempt.run()
  assertWhole(attempt.path)
  assert.deepEqual(requestsOf('named'), ['all'])
})

test('a server that ignores Range is read from the beginning, not joined', async () => {
  const attempt = prepare('ignores')
  await killedAfter(50_000, attempt)
  server.breakNext({ ignoresRange: true })
  await attempt.run()
  assertWhole(attempt.path)
  assert.deepEqual(attempt.notes, ['from the beginning: the server ignores Range'])
})

test('a file whose ETag changed is read from the beginning', async () => {
  const attempt = prepare('changed')
  await killedAfter(50_000, attempt)
  server.serve('changed', other, '"v2"')
  const { etag } = await attempt.run()
  assert.equal(etag, '"v2"')
  assertWhole(attempt.path, other)
  assert.deepEqual(attempt.notes, ['from the beginning: the file on the server has changed'])
})

test('a changed file is noticed even where the server does not compare If-Range', async () => {
  const attempt = prepare('careless')
  await killedAfter(50_000, attempt)
  server.serve('careless', other, '"v2"')
  server.breakNext({ ignoresIfRange: true })
  await attempt.run()
  assertWhole(attempt.path, other)
})

for (const [name, etag] of [
  ['a weak ETag', 'W/"v1"'],
  ['no ETag and no date', null],
] as const)
  test(`parts of a file with ${name} are never joined`, async () => {
    const attempt = prepare(`weak-${name.length}`, [], etag)
    await killedAfter(50_000, attempt)
    server.serve(`weak-${name.length}`, other, etag)
    await attempt.run()
    assertWhole(attempt.path, other)
    assert.deepEqual(requestsOf(`weak-${name.length}`), ['all', 'all'])
  })

test('a part that begins elsewhere than asked is thrown away', async () => {
  const attempt = prepare('shifted')
  await killedAfter(50_000, attempt)
  server.breakNext({ shift: 10 })
  await attempt.run()
  assertWhole(attempt.path)
})

test('a file that became shorter than the part is read from the beginning', async () => {
  const attempt = prepare('shorter')
  await killedAfter(50_000, attempt)
  server.serve('shorter', other.subarray(0, 1000), '"v1"')
  await attempt.run()
  assertWhole(attempt.path, other.subarray(0, 1000))
})

test('an answer without a length is taken as long as it comes', async () => {
  const attempt = prepare('endless', [{ withoutLength: true }])
  await attempt.run()
  assertWhole(attempt.path)
})

test('bytes that the check refuses are thrown away, and the next try starts anew', async () => {
  const attempt = prepare('wrong')
  const refuse = () => Promise.reject(new Error('not a zip'))
  await assert.rejects(attempt.run({ check: refuse }), /not a zip/)
  assert.deepEqual(readdirSync(join(attempt.path, '..')), [])
  await attempt.run()
  assertWhole(attempt.path)
  assert.deepEqual(requestsOf('wrong'), ['all', 'all'])
})

test('a server that is overloaded is asked again', async () => {
  const attempt = prepare('busy', [{ status: 503 }, { status: 429 }])
  await attempt.run()
  assertWhole(attempt.path)
})

test('404 is told at once', async () => {
  const attempt = prepare('gone', [{ status: 404 }])
  await assert.rejects(attempt.run(), { code: 'download_failed', message: /answered 404/ })
  assert.deepEqual(requestsOf('gone'), ['all'])
})

test('a server that never brings a byte is given up after six tries, with the reason', async () => {
  const attempt = prepare(
    'dead',
    Array.from({ length: 6 }, () => ({ cutAfter: 0 })),
  )
  await assert.rejects(attempt.run(), { code: 'download_failed', message: /run it again/ })
  assert.equal(requestsOf('dead').length, 6)
})

test('a disk without room for the rest is told before the first byte', async () => {
  const attempt = prepare('full')
  const freeBytes = () => Promise.resolve(1e6)
  await assert.rejects(attempt.run({ freeBytes }), {
    code: 'disk_full',
    message: /1 MB free, and 68 MB are needed/,
  })
  assert.deepEqual(readdirSync(join(attempt.path, '..')), [])
})

test('a server that says nothing for half a minute is given up for another try', async () => {
  let nowMs = 0
  const leaping: Clock = {
    ...hastyClock,
    nowMs: () => (nowMs += 40_000),
    every: (_, callback) => systemClock.every(5, callback),
  }
  const attempt = prepare('silent')
  let count = 0
  const silent: DownloadOptions['fetch'] = (_, { signal }) =>
    new Promise((_resolve, reject) => {
      count += 1
      signal?.addEventListener('abort', () => reject(new Error(String(signal.reason))))
    })
  await assert.rejects(attempt.run({ clock: leaping, fetch: silent }), {
    message: /no byte within 30 s/,
  })
  assert.equal(count, 6)
})
