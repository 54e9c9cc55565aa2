import { join } from 'node:path'
import { cpuSecondsOf } from '../support/process-tree.ts'
import { openRelay } from '#server/relay/mediasoup-relay.ts'
import type { RelayCamera } from '#server/relay/relay.ts'
import { sleep, systemClock } from '#std/clock.ts'
import { silentLog } from '#std/log.ts'
import type { Page } from 'playwright-core'
import { launchBrowser } from '../support/browser.ts'
import { makeRelayClip } from '../support/relay-clip.ts'
import { feedClip } from '../support/relay-feed.ts'
import { preparePlayerPage, startPlayer } from '../support/whep-page.ts'

/** The relay alone: 720p30 units in one process to one Chromium; latency from `send`, cost per 1,000 frames. */
const measuredFrames = 600
const fps = 30

const clip = await makeRelayClip({
  profile: 'main',
  width: 1280,
  height: 720,
  fps,
  frames: 150,
  kbitPerSecond: 2500,
})
await using relay = await openRelay({
  clock: systemClock,
  log: silentLog,
  workerBin: join(import.meta.dirname, '../../data/bin/mediasoup-worker'),
  rtcPort: 0,
  listenIp: '127.0.0.1',
  announcedAddress: null,
})
const camera = relay.addCamera('gate')
const timed = timedCamera(camera)
using feed = feedClip(timed, clip)
await using browser = await launchBrowser()
const page = await browser.newPage()
await preparePlayerPage(page)
const player = await startPlayer(page)
const { answerSdp } = await relay.watch('gate', player.offerSdp)
await player.accept(answerSdp)
await player.waitForFrames(60)

const workerPid = relay.status().workerPid ?? 0
const startCpu = { worker: cpuSecondsOf(workerPid), send: timed.spentMs, frames: feed.sent.size }
await sleep(systemClock, (measuredFrames * 1000) / fps)
const frames = feed.sent.size - startCpu.frames
const perThousand = (cpuSeconds: number): string => ((cpuSeconds / frames) * 1000).toFixed(3)
const offsetMs = await pageClockOffsetMs(page)
const shown = (await player.shown()).slice(60)
const since = (at: (frame: (typeof shown)[number]) => number | null): number[] =>
  shown.flatMap((frame) => {
    const sent = feed.sent.get(frame.callbackTimestamp ?? -1)
    const pageMs = at(frame)
    return sent === undefined || pageMs === null ? [] : [pageMs + offsetMs - sent.sentAtMs]
  })

print('frames shown of sent', `${shown.length} of ${frames}`)
print('send -> last packet in the browser, ms', quantiles(since((frame) => frame.receivedAtMs)))
print('send -> frame callback, ms', quantiles(since((frame) => frame.shownAtMs)))
print(
  'packetize + send, main thread s / 1,000',
  perThousand((timed.spentMs - startCpu.send) / 1000),
)
print('media worker, CPU s / 1,000', perThousand(cpuSecondsOf(workerPid) - startCpu.worker))

function timedCamera(inner: RelayCamera): RelayCamera & { readonly spentMs: number } {
  let spentMs = 0
  return {
    get spentMs() {
      return spentMs
    },
    get viewers() {
      return inner.viewers
    },
    send(stamped) {
      const startMs = systemClock.nowMs()
      inner.send(stamped)
      spentMs += systemClock.nowMs() - startMs
    },
    [Symbol.dispose]: () => inner[Symbol.dispose](),
  }
}

/** What to add to the page's `performance.now` to get ours: of 200 questions, the one answered fastest. */
async function pageClockOffsetMs(asked: Page): Promise<number> {
  let bestMs = Infinity
  let offset = 0
  for (let left = 200; left > 0; left--) {
    const beforeMs = systemClock.nowMs()
    const pageMs = await asked.evaluate<number>('performance.now()')
    const tripMs = systemClock.nowMs() - beforeMs
    if (tripMs >= bestMs) continue
    bestMs = tripMs
    offset = beforeMs + tripMs / 2 - pageMs
  }
  return offset
}

function quantiles(values: number[]): string {
  const sorted = values.sort((a, b) => a - b)
  const at = (q: number): string => (sorted[Math.floor(q * (sorted.length - 1))] ?? NaN).toFixed(2)
  return `p50 ${at(0.5)}  p95 ${at(0.95)}  p99 ${at(0.99)}  n ${sorted.length}`
}

function print(what: string, value: string): void {
  process.stdout.write(`${what.padEnd(44)} ${value}\n`)
}
