import { join, resolve } from 'node:path'
import { systemClock } from '#std/clock.ts'
import { openModel } from './model.ts'

/**
 * Milliseconds a `Model.run` of one picture on one thread, prologue, head and suppression included; the shapes take
 * turns, so that what else runs on the machine falls on all of them. `node gpu/model.bench.ts [data folder]`
 */
const models = resolve(process.argv[2] ?? 'data', 'models')
const shapes = [
  { width: 416, height: 234 },
  { width: 416, height: 312 },
  { width: 416, height: 416 },
]
const rounds = 200

await using model = await openModel({
  modelPath: join(models, 'yolox-nano.onnx'),
  cardPath: join(models, 'yolox-nano.json'),
  executionProviders: ['cpu'],
  intraOpThreads: 1,
  clock: systemClock,
})
const runs = shapes.map((shape) => {
  const pixels = new Uint8Array(shape.width * shape.height * 3).map((_, i) => (i * 7) % 256)
  return { batch: { pixels, count: 1, ...shape }, runMs: new Float64Array(rounds) }
})
for (const { batch } of runs) for (let i = 0; i < 5; i++) await model.run(batch)
for (let round = 0; round < rounds; round++)
  for (const { batch, runMs } of runs) {
    const startAtMs = systemClock.nowMs()
    await model.run(batch)
    runMs[round] = systemClock.nowMs() - startAtMs
  }
for (const { batch, runMs } of runs) {
  runMs.sort()
  const at = (share: number): string => (runMs[Math.floor(share * rounds)] ?? 0).toFixed(2)
  const shape = `${batch.width}x${batch.height}`
  process.stdout.write(`${shape}  p10 ${at(0.1)}  median ${at(0.5)}  p90 ${at(0.9)} ms\n`)
}
