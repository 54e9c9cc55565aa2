import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import onnxProto from 'onnx-proto'
import { sleep, systemClock } from '#std/clock.ts'
import { silentLog } from '#std/log.ts'
import { EngineBuildProcess } from './engine-build-process.ts'
import type { EngineFile, EngineRequest } from './engine-builder.ts'
import { readEpContext } from './ep-context.ts'
import { card } from './inference.fixture.ts'
import { modelCardSchema } from './model-card.ts'
import { readModelFile } from './model-files.ts'

const { onnx } = onnxProto
const root = mkdtempSync(join(tmpdir(), 'sightline-trtexec-'))
after(() => rmSync(root, { recursive: true }))

/** A machine: programs that play NVIDIA's, a model, and nothing built yet. */
function machine(plays: { readonly smi?: string; readonly trtexec?: string } = {}): EngineRequest {
  const folder = mkdtempSync(join(root, 'machine-'))
  const bin = join(folder, 'bin')
  mkdirSync(bin)
  const { smi = 'echo "NVIDIA A10, 8.6"', trtexec = buildsAnEngine } = plays
  for (const [name, script] of [
    ['nvidia-smi', smi],
    ['trtexec', trtexec],
  ] as const)
    writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  const modelPath = join(folder, 'yolox-nano.onnx')
  const cardPath = join(folder, 'yolox-nano.json')
  const model = network()
  const sha256 = createHash('sha256').update(model).digest('hex')
  writeFileSync(modelPath, model)
  writeFileSync(cardPath, JSON.stringify({ ...card, prepared: { ...card.prepared, sha256 } }))
  const enginesDir = join(folder, 'engines')
  return { modelPath, cardPath, enginesDir, devices: [0], searchPath: bin, batchMax: 16 }
}

const banner = 'echo "&&&& RUNNING TensorRT.trtexec [TensorRT v100900] [b34] # trtexec $*"'
/** Says what trtexec says, counts how often it builds, and leaves 2,000 bytes. */
const buildsAnEngine = `
${banner}
[ "$1" = --help ] && exit 0
for argument in "$@"; do
  case "$argument" in --saveEngine=*) engine="\${argument#--saveEngine=}" ;; esac
done
echo build >> "$(dirname "$0")/builds"
echo "[11/24/2026-10:00:00] [I] Start parsing network model."
echo "[11/24/2026-10:00:01] [I] Finished parsing network model. Parse time: 0.05"
head -c 2000 /dev/zero | tr '\\0' E > "$engine"
echo "[11/24/2026-10:01:00] [I] Engine built in 60.0 sec."
echo "&&&& PASSED TensorRT.trtexec [TensorRT v100900] [b34] # trtexec"`

function network(): Uint8Array {
  const { FLOAT, UINT8, FLOAT16 } = onnx.TensorProto.DataType
  const value = (name: string, elemType: number, dim: object[]) => ({
    name,
    type: { tensorType: { elemType, shape: { dim } } },
  })
  const free = (dimParam: string) => ({ dimParam })
  const fixed = (dimValue: number) => ({ dimValue })
  return onnx.ModelProto.encode({
    irVersion: 8,
    opsetImport: [{ domain: '', version: 17 }],
    graph: {
      name: 'network',
      input: [value('pixels', UINT8, [free('N'), free('h'), free('w'), fixed(3)])],
      output: [value('output', FLOAT, [free('N'), free('anchors'), fixed(85)])],
      initializer: [{ name: 'half', dataType: FLOAT16, dims: [1], rawData: new Uint8Array(2) }],
    },
  }).finish()
}

function build(request: EngineRequest, shares: (number | null)[] = []): Promise<EngineFile> {
  const builder = new EngineBuildProcess({ clock: systemClock, log: silentLog })
  const onProgress = ({ share }: { readonly share: number | null }): void => void shares.push(share)
  return builder.build(request, onProgress, new AbortController().signal)
}

function builds({ searchPath }: EngineRequest): number {
  const path = join(searchPath, 'builds')
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').length - 1 : 0
}

test('an engine is wrapped for onnxruntime, beside a card that describes it and the facts it is for', async () => {
  const request = machine()
  const shares: (number | null)[] = []
  const engine = await build(request, shares)
  assert.deepEqual(shares, [0, 0.02, 0.05, 0.95, 1])
  const ownCard = modelCardSchema.parse(JSON.parse(readFileSync(engine.cardPath, 'utf8')))
  const plainCard = modelCardSchema.parse(JSON.parse(readFileSync(request.cardPath, 'utf8')))
  assert.equal(ownCard.prepared.sha256, plainCard.prepared.sha256, 'it is the same model')
  const file = await readModelFile(engine.modelPath, ownCard)
  const { engine: plan, ...context } = readEpContext(file)
  assert.ok('bytes' in plan)
  assert.equal(Buffer.from(plan.bytes).toString(), 'E'.repeat(2_000))
  assert.deepEqual(context, {
    inputs: [{ name: 'pixels', elementType: 'uint8', shape: ['N', 'h', 'w', 3] }],
    outputs: [{ name: 'output', elementType: 'float32', shape: ['N', 'anchors', 85] }],
    partitionName: 'yolox-nano',
    sdkVersion: '10.9.0',
    hardwareArchitecture: '86',
    modelFileName: 'yolox-nano.onnx',
  })
  const facts: unknown = JSON.parse(readFileSync(join(engine.folder, 'engine.facts.json'), 'utf8'))
  assert.partialDeepStrictEqual(facts, {
    key: { gpu: 'NVIDIA A10', tensorrt: '10.9.0', precision: 'fp16' },
    ...ownCard.prepared.engine,
    bytes: file.length,
  })
  assert.deepEqual(
    readdirSync(request.enginesDir).filter((name) => name.startsWith('.')),
    [],
  )
})

test('the engine that stands is used again; one that is damaged or was for something else is not', async () => {
  const request = machine()
  const first = await build(request)
  const second = await build(request)
  assert.deepEqual([first.isReused, second.isReused, builds(request)], [false, true, 1])
  assert.equal(second.folder, first.folder)

  truncateSync(first.modelPath, 1_000)
  assert.equal((await build(request)).isReused, false)
  assert.equal((await build(request)).isReused, true)
  appendFileSync(join(first.folder, 'engine.facts.json'), 'x')
  assert.equal((await build(request)).isReused, false)

  const larger = await build({ ...request, batchMax: 32 })
  assert.equal(larger.isReused, false)
  assert.notEqual(larger.folder, first.folder)
  assert.equal((await build(request)).isReused, true, 'the former one still stands')
  assert.equal(builds(request), 4)
})

test('the ninth engine drives out the least used one, and what dead builders left goes too', async () => {
  const request = machine()
  const folders: string[] = []
  for (let batchMax = 1; batchMax <= 8; batchMax++) {
    const { folder } = await build({ ...request, batchMax })
    folders.push(folder)
    utimesSync(join(folder, 'engine.facts.json'), 1_000 + batchMax, 1_000 + batchMax)
  }
  const { enginesDir } = request
  for (const name of ['.part-dead', '.part-fresh', 'rubbish']) mkdirSync(join(enginesDir, name))
  utimesSync(join(enginesDir, '.part-dead'), 1_000, 1_000)
  const [eldest = '', next = ''] = folders
  assert.equal((await build({ ...request, batchMax: 1 })).folder, eldest, 'used again: young')
  await build({ ...request, batchMax: 9 })
  assert.ok(existsSync(eldest) && !existsSync(next))
  const left = readdirSync(enginesDir)
  assert.equal(left.filter((name) => /^[0-9a-f]{20}$/.test(name)).length, 8)
  assert.deepEqual(
    left.filter((name) => !/^[0-9a-f]{20}$/.test(name)),
    ['.part-fresh'],
  )
})

for (const { name, plays, code, says } of [
  {
    name: 'no GPU answers',
    plays: { smi: 'echo "No devices were found"; exit 6' },
    code: 'engine_unavailable',
    says: /^the driver names no GPU$/,
  },
  {
    name: 'TensorRT is of another version',
    plays: { trtexec: 'echo "&&&& RUNNING TensorRT.trtexec [TensorRT v8601] # trtexec"' },
    code: 'engine_unavailable',
    says: /TensorRT 8\.6\.1; onnxruntime reads engines of TensorRT 10$/,
  },
  {
    name: 'trtexec finds fault with the model',
    plays: {
      trtexec: `${banner}
        [ "$1" = --help ] && exit 0
        echo "[11/24/2026-10:00:00] [E] [TRT] ModelImporter.cpp:949: While parsing node 3"
        echo "&&&& FAILED TensorRT.trtexec [TensorRT v100900] # trtexec"
        exit 1`,
    },
    code: 'engine_build_failed',
    says: /^trtexec ended with code 1: ModelImporter\.cpp:949: While parsing node 3$/,
  },
  {
    name: 'trtexec is killed, for want of memory say',
    plays: { trtexec: `${banner}\n[ "$1" = --help ] && exit 0\nkill -9 $$` },
    code: 'engine_build_failed',
    says: /^trtexec was ended by SIGKILL: /,
  },
  {
    name: 'trtexec says that all is well and leaves nothing',
    plays: { trtexec: banner },
    code: 'engine_build_failed',
    says: /^trtexec left no engine: ENOENT/,
  },
  {
    name: 'trtexec leaves an empty file',
    plays: { trtexec: buildsAnEngine.replace('head -c 2000', 'head -c 0') },
    code: 'engine_build_failed',
    says: /it holds no engine$/,
  },
])
  test(`where ${name}, there is no engine and one sentence`, async () => {
    const request = machine(plays)
    await assert.rejects(build(request), { name: 'EngineError', code, message: says })
    assert.deepEqual(existsSync(request.enginesDir) ? readdirSync(request.enginesDir) : [], [])
  })

test('where there is no trtexec, no nvidia-smi or no model, that is said', async () => {
  const request = machine()
  const none = { ...request, searchPath: join(root, 'nowhere') }
  await assert.rejects(build(none), { code: 'engine_unavailable', message: /^no trtexec on PATH/ })
  rmSync(join(request.searchPath, 'nvidia-smi'))
  await assert.rejects(build(request), { code: 'engine_unavailable', message: /^no nvidia-smi/ })
  writeFileSync(request.modelPath, 'another model')
  await assert.rejects(build(request), { code: 'engine_build_failed', message: /is not the one/ })
})

test('a server that is killed takes its builder and trtexec with it', async () => {
  const sleeps = `${banner}
    [ "$1" = --help ] && exit 0
    echo $$ > "$(dirname "$0")/pid"
    exec sleep 600`
  const request = machine({ trtexec: sleeps })
  const entry = fileURLToPath(new URL('engine-build-main.ts', import.meta.url))
  const child = spawn(process.execPath, [entry], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  const ended = once(child, 'exit')
  const order = { ...request, partDir: join(request.enginesDir, '.part-x') }
  child.stdin.write(`${JSON.stringify(order)}\n`)
  const pidFile = join(request.searchPath, 'pid')
  await until(() => existsSync(pidFile) && readFileSync(pidFile, 'utf8').endsWith('\n'))
  // What becomes of a pipe whose writer is gone.
  child.stdin.destroy()
  await ended
  await until(() => !lives(Number(readFileSync(pidFile, 'utf8'))))
})

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
