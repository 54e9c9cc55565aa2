import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { sleep, systemClock } from '#std/clock.ts'
import { silentLog } from '#std/log.ts'
import { EngineBuildProcess } from './engine-build-process.ts'
import { type EngineStatus, EngineUpgrade } from './engine-upgrade.ts'
import { type NamedFrame, offered } from './inference.fixture.ts'
import { openDetector } from './open-detector.ts'
import type { ServingDetector } from './serving-detector.ts'

/** What set-up prepared. */
const data = resolve(process.env['SIGHTLINE_DATA'] ?? 'data')
const modelPath = join(data, 'models/yolox-nano.onnx')
const cardPath = join(data, 'models/yolox-nano.json')
/** How long the played builder takes; a real one takes minutes. */
const seconds = Number(process.env['SIGHTLINE_ENGINE_SECONDS'] ?? '3')
const player = fileURLToPath(new URL('engine-build.fixture.ts', import.meta.url))
const root = mkdtempSync(join(tmpdir(), 'sightline-upgrade-'))
after(() => rmSync(root, { recursive: true }))

interface Tally {
  readonly offered: number
  readonly ended: number
  readonly detected: number
  readonly failed: number
  readonly longestGapMs: number
}

/** Three cameras of 15 fps, for as long as `work` takes and then a second more. */
async function underLoad(detector: ServingDetector, work: () => Promise<unknown>): Promise<Tally> {
  const counts = { offered: 0, ended: 0, detected: 0, failed: 0, longestGapMs: 0 }
  let lastAtMs = systemClock.nowMs()
  const streams = ['a', 'b', 'c'].map((streamId) =>
    detector.addStream<NamedFrame>({
      streamId,
      memory: new SharedArrayBuffer(416 * 234 * 3),
      weight: 1,
      detectFps: 0,
      onOutcome: (_frame, { kind }) => {
        counts.ended++
        if (kind === 'failed') counts.failed++
        if (kind !== 'detected') return
        counts.detected++
        const nowMs = systemClock.nowMs()
        counts.longestGapMs = Math.max(counts.longestGapMs, nowMs - lastAtMs)
        lastAtMs = nowMs
      },
    }),
  )
  const cameras = systemClock.every(1_000 / 15, () => {
    for (const stream of streams) {
      counts.offered++
      stream.offer(offered('frame', systemClock.nowMs()))
    }
  })
  await work()
  await sleep(systemClock, 1_000)
  cameras[Symbol.dispose]()
  const limitAtMs = systemClock.nowMs() + 20_000
  while (counts.ended < counts.offered && systemClock.nowMs() < limitAtMs)
    await sleep(systemClock, 10)
  for (const stream of streams) stream[Symbol.dispose]()
  return counts
}

for (const { mode, limitS = 60, state, says, leaves } of [
  { mode: 'die', state: 'failed', says: /ended by SIGKILL/, leaves: 0 },
  { mode: 'exit', state: 'failed', says: /ended with code 1: something went wrong/, leaves: 0 },
  { mode: 'hang', limitS: 1, state: 'failed', says: /no engine within .* s/, leaves: 0 },
  { mode: 'rubbish', state: 'failed', says: /onnxruntime cannot read/, leaves: 0 },
  { mode: 'wrong-weights', state: 'failed', says: /does not find on the self-test/, leaves: 0 },
  { mode: 'succeed', state: 'ready', says: null, leaves: 1 },
] as const)
  test(`A builder that plays “${mode}” beside three cameras costs no frame: the engine is ${state}.`, async (context) => {
    const enginesDir = mkdtempSync(join(root, 'engines-'))
    await using detector = await openDetector({
      modelPath,
      cardPath,
      photoPath: join(data, 'self-test/parkour.jpg'),
      ffmpegPath: 'ffmpeg',
      clock: systemClock,
      log: silentLog,
    })
    const before = detector.status()
    const builder = new EngineBuildProcess({
      command: [process.execPath, player, mode, String(seconds)],
      limitMs: (seconds + limitS) * 1_000,
      clock: systemClock,
      log: silentLog,
    })
    const shares = new Set<number | null>()
    let status: EngineStatus | null = null
    const tally = await underLoad(detector, async () => {
      await using upgrade = new EngineUpgrade({
        builder,
        server: detector,
        request: { modelPath, cardPath, enginesDir, devices: [0], searchPath: '', batchMax: 1 },
        clock: systemClock,
        log: silentLog,
        // The engine of this test is a plain model.
        executionProviders: ['cpu'],
      })
      const watch = systemClock.every(20, () => shares.add(upgrade.status().progress))
      status = await upgrade.settled
      watch[Symbol.dispose]()
    })
    context.diagnostic(JSON.stringify(tally))
    assert.partialDeepStrictEqual(status, { state })
    if (says !== null) assert.partialDeepStrictEqual(status, { reason: matching(status, says) })
    assert.equal(tally.ended, tally.offered, 'each frame ends once')
    assert.equal(tally.failed, 0)
    assert.ok(tally.detected > 0)
    assert.ok(shares.size > 5, 'progress was seen')
    assert.equal(readdirSync(enginesDir).length, leaves)
    const { model, ready, executionProvider, restarts } = detector.status()
    assert.deepEqual(
      { model, ready, executionProvider, restarts },
      { model: before.model, ready: true, executionProvider: 'cpu', restarts: 0 },
      'the same model serves, as well as before',
    )
    assert.ok(existsSync(modelPath) && existsSync(cardPath))
  })

/** The reason, where it reads like that. */
function matching(status: EngineStatus | null, pattern: RegExp): string | null {
  assert.match(status?.reason ?? '', pattern)
  return status?.reason ?? null
}
