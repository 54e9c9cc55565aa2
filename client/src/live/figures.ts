import type { DetectedObject, Missed, Timings } from '#protocol/messages.ts'
import type { CameraScreen, MatchCounts } from './camera-screen.ts'

/** What a tile and its facts say in numbers, taken once a second so that they can be read. */
export interface Figures {
  readonly latencyMs: number | null
  readonly fps: number | null
}

export interface Facts {
  readonly latencyMs: { readonly p50: number | null; readonly p95: number | null }
  /** Mean milliseconds of each stage over the last 10 s; null without detections. */
  readonly stages: (Timings & { readonly publish: number }) | null
  /** Since the page opened. */
  readonly counts: MatchCounts
  readonly frames: Missed & { readonly detected: number }
  /** Of the picture that is displayed, best score first. */
  readonly inView: readonly DetectedObject[]
  readonly capturedBy: 'rtcp' | 'arrival' | null
  readonly ageOfInformationMs: number | null
}

export function takeFigures(screen: CameraScreen, nowMs: number): Figures {
  return {
    latencyMs: screen.delay.quantileMs(0.5, nowMs - 1_000),
    fps: screen.shownFps(nowMs),
  }
}

/** `serverMs`: now, on the server's clock; null while that is unknown. */
export function takeFacts(
  screen: CameraScreen,
  now: {
    readonly nowMs: number
    readonly serverMs: number | null
    readonly publishMs: number | null
  },
): Omit<Facts, 'frames'> {
  const newest = screen.detections.at(-1)
  const { match } = screen
  const objects = match.kind === 'none' ? [] : match.detections.objects
  return {
    latencyMs: {
      p50: screen.delay.quantileMs(0.5, now.nowMs - 60_000),
      p95: screen.delay.quantileMs(0.95, now.nowMs - 60_000),
    },
    stages: meanStages(screen, now.publishMs ?? 0),
    counts: screen.counts,
    inView: objects.toSorted((a, b) => b.score - a.score),
    capturedBy: newest?.capturedBy ?? null,
    ageOfInformationMs:
      newest === undefined || now.serverMs === null
        ? null
        : Math.max(0, now.serverMs - newest.capturedAtServerMs),
  }
}

function meanStages(screen: CameraScreen, publish: number): Facts['stages'] {
  const all = screen.detections
  if (all.length === 0) return null
  const mean = (stage: keyof Timings): number =>
    all.reduce((sum, { timings }) => sum + timings[stage], 0) / all.length
  return {
    receive: mean('receive'),
    decode: mean('decode'),
    queue: mean('queue'),
    infer: mean('infer'),
    post: mean('post'),
    publish,
  }
}
