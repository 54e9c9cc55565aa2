import type { DetectionStamps, Detector, OfferedFrame } from '#gpu/detector.ts'
import type { Clock } from '#std/clock.ts'
import { StageError } from './stage-error.ts'

/** Batches of one size, from dispatch to their answer on the main thread. */
export interface BatchLatency {
  readonly width: number
  readonly height: number
  readonly batchSize: number
  readonly batches: number
  readonly meanMs: number
  readonly p50Ms: number
  readonly p95Ms: number
}

export interface MeasureLatencyOptions {
  readonly detector: Detector
  readonly clock: Clock
  readonly signal: AbortSignal
  /** Of the cameras' pictures. */
  readonly source: { readonly width: number; readonly height: number }
  /** Cameras that offer frames at once: at most so many pictures come together in a batch. */
  readonly streams: number
  /** Frames of each camera. */
  readonly rounds: number
}

/** Planning a shape's memory makes its first batches slow. */
const warmUpRounds = 5

/**
 * l(b) of the serving detector, as cameras see it: every stream offers its next frame as soon as the one before has
 * its answer, and the scheduler decides what goes together. Rejects with StageError where a frame is lost.
 */
export async function measureLatency(
  options: MeasureLatencyOptions,
): Promise<readonly BatchLatency[]> {
  const { width, height } = options.detector.inputGeometry(options.source)
  const samples = new Map<number, number[]>()
  await Promise.all(
    Array.from({ length: options.streams }, (_, index) =>
      runStream(`latency-${index}`, { ...options, width, height }, (stamps) => {
        const ms = stamps.postedAtMs - stamps.dispatchedAtMs
        const { batchSize } = stamps
        samples.set(batchSize, [...(samples.get(batchSize) ?? []), ms])
      }),
    ),
  )
  return [...samples]
    .sort(([a], [b]) => a - b)
    .map(([batchSize, all]) => {
      const ms = all.toSorted((a, b) => a - b)
      return {
        width,
        height,
        batchSize,
        // Each picture of a batch told of it.
        batches: Math.round(ms.length / batchSize),
        meanMs: ms.reduce((sum, each) => sum + each, 0) / ms.length,
        p50Ms: quantile(ms, 0.5),
        p95Ms: quantile(ms, 0.95),
      }
    })
}

/** Nearest rank; `sorted` is not empty. */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN
}

async function runStream(
  streamId: string,
  options: MeasureLatencyOptions & { readonly width: number; readonly height: number },
  onDetected: (stamps: DetectionStamps) => void,
): Promise<void> {
  const { detector, clock, width, height } = options
  const memory = new SharedArrayBuffer(width * height * 3)
  fillWithTexture(new Uint8Array(memory))
  let settle: (lost: string | null) => void = () => {}
  using stream = detector.addStream<OfferedFrame & { readonly round: number }>({
    streamId,
    memory,
    weight: 1,
    detectFps: 0,
    onOutcome({ round }, outcome) {
      if (outcome.kind === 'failed') return settle(outcome.code)
      if (outcome.kind !== 'detected') return settle(outcome.kind)
      if (round >= warmUpRounds) onDetected(outcome.stamps)
      settle(null)
    },
  })
  for (let round = 0; round < options.rounds + warmUpRounds; round++) {
    options.signal.throwIfAborted()
    const { promise, resolve } = Promise.withResolvers<string | null>()
    settle = resolve
    const capturedAtMs = clock.nowMs()
    stream.offer({ round, byteOffset: 0, width, height, capturedAtMs, deadlineAtMs: Infinity })
    const lost = await promise
    if (lost !== null)
      throw new StageError('environment_missing', `the detector gave a frame up: ${lost}`)
  }
}

/** What a network finds nothing in, and no processor a short cut. */
function fillWithTexture(pixels: Uint8Array): void {
  for (let i = 0; i < pixels.length; i++) pixels[i] = (i * 7 + (i >> 9)) & 0xff
}
