// Entry of a process that plays the builder: `engine-build.fixture.ts MODE SECONDS`. Counts up, then does as told.
import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { getPriority } from 'node:os'
import { basename, join } from 'node:path'
import { createInterface } from 'node:readline'
import onnxProto from 'onnx-proto'
import { systemClock } from '#std/clock.ts'
import { type BuildLine, type BuildOrder, buildOrderSchema } from './engine-build-messages.ts'
import { modelCardSchema } from './model-card.ts'

const { onnx } = onnxProto
const [, , mode = '', seconds = '0'] = process.argv
const steps = 20
const say = (line: BuildLine): void => void process.stdout.write(`${JSON.stringify(line)}\n`)
const keepAlive = systemClock.every(1_000, () => {})

createInterface({ input: process.stdin }).once('line', (line) => {
  const order = buildOrderSchema.parse(JSON.parse(line))
  mkdirSync(order.partDir, { recursive: true })
  let step = 0
  const timer = systemClock.every((Number(seconds) * 1_000) / steps, () => {
    say({ kind: 'progress', share: Math.min(1, ++step / steps) })
    if (step < steps) return
    timer[Symbol.dispose]()
    finish(order)
  })
})

function finish(order: BuildOrder): void {
  const play = plays[mode]
  if (play === undefined) throw new Error(`no mode ${mode}`)
  play(order)
}

const plays: Readonly<Record<string, (order: BuildOrder) => void>> = {
  // The engine is the plain model: it serves on a CPU.
  succeed: (order) => done(order, readFileSync(order.modelPath)),
  rubbish: (order) => done(order, Buffer.alloc(100_000, 'no engine ')),
  'wrong-weights': (order) => done(order, wrongWeights(readFileSync(order.modelPath))),
  fail: () => {
    say({ kind: 'failed', code: 'engine_build_failed', message: 'trtexec ended with code 1: no' })
    process.exit(0)
  },
  exit: () => {
    process.stderr.write('something went wrong\n')
    process.exit(1)
  },
  die: () => void process.kill(process.pid, 'SIGKILL'),
  'done-and-exit': (order) => {
    done(order, readFileSync(order.modelPath))
    process.exit(1)
  },
  silent: () => process.exit(0),
  talk: () => {
    for (let i = 0; i < 200; i++) process.stdout.write(`${'x'.repeat(10_000)}\n`)
  },
  hang: () => {
    process.on('SIGTERM', () => {})
    say({ kind: 'progress', share: 1 })
  },
  grandchild: ({ enginesDir }) => {
    const deaf = 'process.on("SIGTERM", () => {})'
    const stays = 'require("node:net").createServer().listen(0, "127.0.0.1")'
    const script = `${deaf}; ${stays}`
    const { pid = 0 } = spawn(process.execPath, ['-e', script], { stdio: 'ignore' })
    writeFileSync(join(enginesDir, 'grandchild'), String(pid))
    process.kill(process.pid, 'SIGKILL')
  },
  priority: (order) => {
    writeFileSync(join(order.enginesDir, 'priority'), String(getPriority()))
    done(order, readFileSync(order.modelPath))
  },
}

/** Puts a model file and its card into place, as the real builder does. */
function done(order: BuildOrder, model: Uint8Array): void {
  const card = modelCardSchema.parse(JSON.parse(readFileSync(order.cardPath, 'utf8')))
  const sha256 = createHash('sha256').update(model).digest('hex')
  const prepared = { ...card.prepared, engine: { sha256, bytes: model.length } }
  writeFileSync(join(order.partDir, card.file), model)
  writeFileSync(join(order.partDir, `${card.name}.json`), JSON.stringify({ ...card, prepared }))
  const folder = join(order.enginesDir, basename(order.partDir).slice(1))
  renameSync(order.partDir, folder)
  const engine = { folder, modelPath: join(folder, card.file), isReused: false }
  say({ kind: 'done', engine: { ...engine, cardPath: join(folder, `${card.name}.json`) } })
  keepAlive[Symbol.dispose]()
  process.stdin.destroy()
}

/** A network that runs and finds nothing. */
function wrongWeights(file: Buffer): Uint8Array {
  const model = onnx.ModelProto.decode(file)
  for (const { rawData } of model.graph?.initializer ?? [])
    if (rawData && rawData.length > 1_000) rawData.fill(0)
  return onnx.ModelProto.encode(model).finish()
}
