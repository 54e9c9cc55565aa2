import { createHash } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import type { Clock } from '#std/clock.ts'
import { messageOf } from '#std/coded-error.ts'
import type { BuildOrder } from './engine-build-messages.ts'
import type { EngineFile } from './engine-builder.ts'
import { EngineError } from './engine-error.ts'
import { gpuOf, gpuQuery } from './engine-gpu.ts'
import type { EngineKey } from './engine-key.ts'
import { type Network, networkOf } from './engine-network.ts'
import type { RunProgram } from './engine-program.ts'
import { engineShapes } from './engine-shapes.ts'
import { EngineStore } from './engine-store.ts'
import {
  findNvidiaSmi,
  findTrtexec,
  tensorrtVersionOf,
  trtexecArguments,
  trtexecFault,
  trtexecProgress,
} from './engine-trtexec.ts'
import { readEpContext, writeEpContext } from './ep-context.ts'
import { readModelCard, readModelFile } from './model-files.ts'
import type { ModelCard } from './model-card.ts'

export interface BuildParts {
  readonly run: RunProgram
  readonly clock: Clock
  /** 0..1 */
  readonly onProgress: (share: number) => void
}

/**
 * What the builder's process does: find out for what to build, take the engine that stands or build one, wrap it, put
 * it into place. Rejects with EngineError or ModelError. Untested on hardware; tested with programs that play trtexec.
 */
export async function buildEngine(order: BuildOrder, parts: BuildParts): Promise<EngineFile> {
  const card = await readModelCard(order.cardPath)
  const model = await readModelFile(order.modelPath, card)
  const network = networkOf(model)
  const trtexec = await findTrtexec(order.searchPath)
  const key = await keyOf({ order, card, network, trtexec }, parts.run)
  const store = new EngineStore(order.enginesDir, parts.clock)
  const standing = await store.find(key)
  if (standing !== null) {
    await store.prune(standing)
    return standing
  }
  await mkdir(order.partDir, { recursive: true })
  const plan = await runTrtexec({ order, key, trtexec }, parts)
  const file = wrapped(plan, { key, network, card })
  const engine = await store.place({
    key,
    partDir: order.partDir,
    modelFile: card.file,
    model: file.bytes,
    cardFile: `${card.name}.json`,
    card: file.card,
  })
  await store.prune(engine)
  return engine
}

async function keyOf(
  of: {
    readonly order: BuildOrder
    readonly card: ModelCard
    readonly network: Network
    readonly trtexec: string
  },
  run: RunProgram,
): Promise<EngineKey> {
  const { order, card, network, trtexec } = of
  const nvidiaSmi = await findNvidiaSmi(order.searchPath)
  const gpu = gpuOf((await run(nvidiaSmi, gpuQuery)).head, order.devices)
  return {
    gpu: gpu.name,
    computeCapability: gpu.computeCapability,
    tensorrt: tensorrtVersionOf((await run(trtexec, ['--help'])).head),
    onnxruntime: await onnxruntimeVersion(),
    precision: network.precision,
    modelSha256: card.prepared.sha256,
    shapes: engineShapes(card, order.batchMax),
  }
}

/** The engine's bytes. */
async function runTrtexec(
  of: { readonly order: BuildOrder; readonly key: EngineKey; readonly trtexec: string },
  parts: BuildParts,
): Promise<Uint8Array> {
  const { order, key, trtexec } = of
  const enginePath = join(order.partDir, 'engine')
  const [device = 0] = order.devices
  const options = { modelPath: order.modelPath, enginePath, shapes: key.shapes, device }
  let fault: string | null = null
  const { exitCode, signal, tail } = await parts.run(trtexec, trtexecArguments(options), (line) => {
    const share = trtexecProgress(line)
    if (share !== null) parts.onProgress(share)
    fault = trtexecFault(line) ?? fault
  })
  if (exitCode !== 0) {
    const how = signal === null ? `ended with code ${exitCode}` : `was ended by ${signal}`
    const why = fault ?? tail.findLast((line) => line.trim() !== '') ?? 'it says nothing'
    throw new EngineError('engine_build_failed', `trtexec ${how}: ${why}`)
  }
  try {
    return await readFile(enginePath)
  } catch (cause) {
    const sentence = `trtexec left no engine: ${messageOf(cause)}`
    throw new EngineError('engine_build_failed', sentence, { cause })
  }
}

/** The engine as onnxruntime takes it, and the model's card for that file. */
function wrapped(
  plan: Uint8Array,
  of: { readonly key: EngineKey; readonly network: Network; readonly card: ModelCard },
): { readonly bytes: Uint8Array; readonly card: string } {
  const { key, network, card } = of
  const bytes = writeEpContext({
    // In the same file: one checksum, one rename. Sessions are opened from bytes, which have no folder to look in.
    engine: { bytes: plan },
    inputs: network.inputs,
    outputs: network.outputs,
    partitionName: card.name,
    sdkVersion: key.tensorrt,
    hardwareArchitecture: key.computeCapability.replace('.', ''),
    modelFileName: card.file,
  })
  // What cannot be read back is not put into place: an empty engine, say.
  readEpContext(bytes)
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const prepared = { ...card.prepared, engine: { sha256, bytes: bytes.length } }
  return { bytes, card: `${JSON.stringify({ ...card, prepared }, null, 2)}\n` }
}

/** Without loading it. */
async function onnxruntimeVersion(): Promise<string> {
  const main = createRequire(import.meta.url).resolve('onnxruntime-node')
  const text = await readFile(join(dirname(main), '../package.json'), 'utf8')
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version
}
