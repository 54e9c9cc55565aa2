import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { sleep, systemClock } from '#std/clock.ts'
import { silentLog } from '#std/log.ts'
import { EngineBuildProcess } from './engine-build-process.ts'
import type { EngineFile, EngineRequest } from './engine-builder.ts'
import { card } from './inference.fixture.ts'

const root = mkdtempSync(join(tmpdir(), 'sightline-build-'))
after(() => rmSync(root, { recursive: true }))
const player = fileURLToPath(new URL('engine-build.fixture.ts', import.meta.url))

interface Run {
  readonly mode: string
  readonly seconds?: number
  readonly limitMs?: number
  readonly signal?: AbortSignal
  readonly command?: readonly [string, ...string[]]
}

/** A builder played by a process of its own, in a folder of its own. */
function build({ mode, seconds = 0.2, limitMs = 20_000, ...rest }: Run): {
  readonly engine: Promise<EngineFile>
  readonly shares: (number | null)[]
  readonly request: EngineRequest
} {
  const enginesDir = mkdtempSync(join(root, 'engines-'))
  const modelPath = join(enginesDir, 'model.onnx')
  const cardPath = join(enginesDir, 'model.json')
  writeFileSync(modelPath, 'a model')
  writeFileSync(cardPath, JSON.stringify(card))
  const command = rest.command ?? ([process.execPath, player, mode, String(seconds)] as const)
  const builder = new EngineBuildProcess({ command, limitMs, clock: systemClock, log: silentLog })
  const shares: (number | null)[] = []
  const request = { modelPath, cardPath, enginesDir, devices: [0], searchPath: '', batchMax: 8 }
  const onProgress = ({ share }: { readonly share: number | null }): void => void shares.push(share)
  const signal = rest.signal ?? new AbortController().signal
  return { engine: builder.build(request, onProgress, signal), shares, request }
}

function partsOf({ enginesDir }: EngineRequest): string[] {
  return readdirSync(enginesDir).filter((name) => name.startsWith('.part-'))
}

async function until(condition: () => boolean): Promise<void> {
  const limitAtMs = systemClock.nowMs() + 20_000
  while (!condition()) {
    assert.ok(systemClock.nowMs() < limitAtMs, 'it did not come about within 20 s')
    await sleep(systemClock, 10)
  }
}

/** A process that has ended and that nobody has asked about is a zombie, and has ended all the same. */
function lives(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

test('an engine that is built is given with its card; progress only grows', async () => {
  const { engine, shares, request } = build({ mode: 'succeed' })
  const { modelPath, cardPath, folder } = await engine
  assert.equal(readFileSync(modelPath, 'utf8'), 'a model')
  assert.ok(existsSync(cardPath) && folder.startsWith(request.enginesDir))
  assert.deepEqual(
    shares,
    Array.from({ length: 20 }, (_, index) => (index + 1) / 20),
  )
})

for (const { mode, code, says, limitMs } of [
  { mode: 'die', code: 'engine_build_failed', says: 'the builder was ended by SIGKILL' },
  {
    mode: 'exit',
    code: 'engine_build_failed',
    says: 'the builder ended with code 1: something went wrong',
  },
  { mode: 'fail', code: 'engine_build_failed', says: 'trtexec ended with code 1: no' },
  { mode: 'silent', code: 'engine_build_failed', says: 'the builder ended with code 0' },
  { mode: 'done-and-exit', code: 'engine_build_failed', says: 'the builder ended with code 1' },
  {
    mode: 'talk',
    code: 'engine_build_failed',
    says: 'the builder says too much to be ours',
  },
  {
    mode: 'hang',
    code: 'engine_build_timeout',
    says: 'no engine within 1.5 s; it is given up',
    limitMs: 1_500,
  },
])
  test(`a builder that plays “${mode}” is one sentence, and leaves nothing behind`, async () => {
    const { engine, request } = build({ mode, ...(limitMs === undefined ? {} : { limitMs }) })
    await assert.rejects(engine, { name: 'EngineError', code, message: says })
    assert.deepEqual(partsOf(request), [])
  })

test('a builder that is not there is said', async () => {
  const { engine } = build({ mode: '', command: [join(root, 'no-such-program')] })
  await assert.rejects(engine, { code: 'engine_build_failed', message: /cannot be run: .*ENOENT/ })
})

test('what a dead builder had started ends too', async () => {
  const { engine, request } = build({ mode: 'grandchild' })
  await assert.rejects(engine, { code: 'engine_build_failed' })
  const pid = Number(readFileSync(join(request.enginesDir, 'grandchild'), 'utf8'))
  await until(() => !lives(pid))
})

test('a build that is stopped ends its process, also one that is deaf to SIGTERM', async () => {
  const stop = new AbortController()
  const { engine, shares, request } = build({ mode: 'hang', signal: stop.signal })
  await until(() => shares.at(-1) === 1)
  stop.abort()
  await assert.rejects(engine, { code: 'engine_build_stopped' })
  assert.deepEqual(partsOf(request), [])
  const before = build({ mode: 'succeed', signal: AbortSignal.abort() })
  await assert.rejects(before.engine, { code: 'engine_build_stopped' })
})

test('the builder gives way to decoding and inference', async () => {
  const { engine, request } = build({ mode: 'priority' })
  await engine
  assert.equal(readFileSync(join(request.enginesDir, 'priority'), 'utf8'), '10')
})

test('an engine that does not work is deleted, and nothing else', async () => {
  const { engine, request } = build({ mode: 'succeed' })
  const built = await engine
  const builder = new EngineBuildProcess({ clock: systemClock, log: silentLog })
  await builder.discard(built)
  assert.ok(!existsSync(built.folder))
  assert.ok(existsSync(request.cardPath))
})
