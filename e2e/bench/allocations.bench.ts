import type { HeapProfiler } from 'node:inspector'
import { pathToFileURL } from 'node:url'
import { join } from 'node:path'
import { cameraViewSchema } from '#protocol/api.ts'
import { sleep, systemClock } from '#std/clock.ts'
import { z } from 'zod'
import { cameraConfigs, startCameras } from './many-cameras.ts'
import { startServer, waitFor } from '../support/sightline-server.ts'

// What the server's main thread allocates for a frame, by function: bytes on the heap, pixels and access units apart,
// whose bytes lie outside of it.

const afterMs = 12_000
const forMs = 10_000
const shown = 25
const options = { cameras: 8, fps: 30, detectFps: 0, width: 640, height: 360, seed: 1 }

await using cameras = await startCameras(options)
const probe = pathToFileURL(join(import.meta.dirname, 'allocation-probe.ts')).href
await using server = await startServer({
  config: { cameras: cameraConfigs({ ...options, latencyBudgetMs: 200, firstWeight: 1 }, cameras) },
  env: {
    NODE_OPTIONS: `--import ${probe}`,
    SIGHTLINE_PROBE_AFTER_MS: String(afterMs),
    SIGHTLINE_PROBE_FOR_MS: String(forMs),
  },
})
const received = async (): Promise<{ readonly frames: number; readonly results: number }> => {
  const views = z.array(cameraViewSchema).parse(await server.getJson('/api/cameras'))
  return {
    frames: views.reduce((sum, view) => sum + view.frames.received, 0),
    results: views.reduce((sum, view) => sum + view.frames.detected, 0),
  }
}
await sleep(systemClock, afterMs - 1000)
const before = await received()
await sleep(systemClock, forMs)
const after = await received()
const line = await waitFor('the profile', () =>
  server.log.find((each) => each.startsWith('allocations ')),
)
const profile: HeapProfiler.SamplingHeapProfile = JSON.parse(line.slice('allocations '.length))
const frames = after.frames - before.frames
const bytes = bytesByFunction(profile.head)
const total = [...bytes.values()].reduce((sum, each) => sum + each, 0)
console.log(
  `${frames} frames of ${options.cameras} cameras, ${after.results - before.results} results in ${forMs / 1000} s: ` +
    `${Math.round(total / frames)} bytes a frame on the main thread's heap`,
)
console.log('| bytes a frame | where |\n| --- | --- |')
for (const [where, count] of [...bytes].toSorted(([, a], [, b]) => b - a).slice(0, shown))
  console.log(`| ${(count / frames).toFixed(1)} | ${where} |`)

function bytesByFunction(node: HeapProfiler.SamplingHeapProfileNode): ReadonlyMap<string, number> {
  const found = new Map<string, number>()
  // What a builtin allocates is its caller's.
  const walk = (each: HeapProfiler.SamplingHeapProfileNode, caller: string): void => {
    const { functionName, url, lineNumber } = each.callFrame
    const file = url.split('/').slice(-2).join('/')
    const name = functionName === '' ? '(anonymous)' : functionName
    const where = url === '' ? caller : `${name} ${file}:${lineNumber + 1}`
    if (each.selfSize > 0) found.set(where, (found.get(where) ?? 0) + each.selfSize)
    for (const child of each.children) walk(child, where)
  }
  walk(node, 'the runtime')
  return found
}
