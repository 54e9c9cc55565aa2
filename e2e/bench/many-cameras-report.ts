import { availableParallelism } from 'node:os'
import type { CameraView } from '#protocol/api.ts'
import type { RtspCamera } from '../support/rtsp-camera.ts'
import type { Subscriber } from '../support/subscriber.ts'
import { ages, type DeliveredResult, jain, meanAndP99 } from './age-of-information.ts'
import { type CostGroup, costGroups } from './process-cost.ts'
import { type Quantiles, quantiles } from './quantiles.ts'

export interface ManyCamerasOptions {
  readonly cameras: number
  readonly fps: number
  /** Results a second and camera; 0 = every frame. */
  readonly detectFps: number
  readonly seconds: number
  readonly width: number
  readonly height: number
  readonly latencyBudgetMs: number
  /** Of camera 0; the others have 1. */
  readonly firstWeight: number
  /** Of the cameras' phases within a frame's interval. */
  readonly seed: number
  /** `gpu:` of the configuration. */
  readonly gpu: Readonly<Record<string, unknown>>
}

export interface CameraFigures extends Quantiles {
  readonly camera: string
  readonly resultsPerSecond: number
  readonly ageMeanMs: number
  readonly ageP99Ms: number
  readonly frames: Readonly<Record<string, number>>
}

export interface ManyCamerasReport {
  readonly options: ManyCamerasOptions
  readonly resultsPerSecond: number
  /** The source's last byte -> the subscriber's callback. */
  readonly latency: Quantiles
  readonly ageMeanMs: number
  readonly ageP99Ms: number
  readonly worstAgeP99Ms: number
  /** Of the delivered: within the latency budget. */
  readonly onTimeShare: number
  readonly jain: number
  readonly frames: Readonly<Record<string, number>>
  /** received = the sum of the outcomes and what is in flight, for every camera. */
  readonly conserved: boolean
  /** Results of a camera that came after one of a later frame; there are none. */
  readonly outOfOrder: number
  readonly cpuSecondsPer1000: number
  readonly cores: Readonly<Record<CostGroup, number>>
  /** Of the cameras' process and the subscriber's, which share the machine. */
  readonly benchCores: { readonly cameras: number; readonly subscriber: number }
  /** Taken by programs that have nothing to do with the run. */
  readonly otherCores: number
  readonly cpuMsPerInference: number
  /** 0.85 x (cores - decode - 0.1) / CPU-s of an inference, all of this run. */
  readonly resultsPerSecondBound: number
  readonly timerLatenessP99Ms: number
  readonly residentMib: Readonly<Partial<Record<CostGroup, number>>>
  /** Where the time went, by the server's own stamps. */
  readonly stages: Readonly<Record<string, Quantiles>>
  readonly perCamera: readonly CameraFigures[]
}

export interface Snapshot {
  readonly atMs: number
  readonly cpu: Readonly<Record<CostGroup, number>>
  readonly bench: { readonly cameras: number; readonly subscriber: number }
  readonly machine: number
  readonly memory: Readonly<Partial<Record<CostGroup, number>>>
  readonly views: readonly CameraView[]
  /** Since the last snapshot. */
  readonly timerLatenessP99Ms: number
}

export function cameraNames({ cameras }: { readonly cameras: number }): readonly string[] {
  return Array.from({ length: cameras }, (_, index) => `cam${index}`)
}

/** Pure: everything is counted between the two snapshots. */
export function reportOf(
  options: ManyCamerasOptions,
  run: {
    readonly before: Snapshot
    readonly after: Snapshot
    readonly subscriber: Subscriber
    readonly cameras: RtspCamera
  },
): ManyCamerasReport {
  const { before, after } = run
  const window = { fromMs: before.atMs, toMs: after.atMs }
  const seconds = (after.atMs - before.atMs) / 1000
  const cores = coresOf(before, after, seconds)
  const sentAt = new Map(
    run.cameras.sent.map(({ stream, rtpTimestamp, sentAtMs }) => [
      `${stream} ${rtpTimestamp}`,
      sentAtMs,
    ]),
  )
  const cameras = cameraNames(options).map((camera) => {
    const results = deliveredOf(camera, run.subscriber, sentAt)
    const latencies = latenciesIn(results, window)
    const frames = framesBetween(before, after, camera)
    return { camera, results, latencies, ages: ages(results, window), frames }
  })
  const perCamera = cameras.map(({ camera, latencies, ages: own, frames }) => ({
    camera,
    ...quantiles(latencies),
    resultsPerSecond: latencies.length / seconds,
    ageMeanMs: meanAndP99(own).meanMs,
    ageP99Ms: meanAndP99(own).p99Ms,
    frames,
  }))
  const latencies = cameras.flatMap((camera) => camera.latencies)
  const age = meanAndP99(cameras.flatMap((camera) => camera.ages))
  const resultsPerSecond = latencies.length / seconds
  const allCores = Object.values(cores).reduce((sum, value) => sum + value, 0)
  const benchCores = benchCoresOf(before, after, seconds)
  // By what the model did, not by what was delivered: losses behind it must not make it look dearer.
  const detected = totalOf(cameras.map(({ frames }) => frames))['detected'] ?? 0
  const cpuPerInference = (cores.inference * seconds) / detected
  return {
    options,
    resultsPerSecond,
    latency: quantiles(latencies),
    ageMeanMs: age.meanMs,
    ageP99Ms: age.p99Ms,
    worstAgeP99Ms: Math.max(...perCamera.map(({ ageP99Ms }) => ageP99Ms)),
    onTimeShare: latencies.filter((ms) => ms <= options.latencyBudgetMs).length / latencies.length,
    jain: jain(perCamera.map((figures) => figures.resultsPerSecond)),
    frames: totalOf(perCamera.map(({ frames }) => frames)),
    conserved: after.views.every(isConserved),
    outOfOrder: cameras.reduce((sum, { results }) => sum + backwards(results), 0),
    cpuSecondsPer1000: (allCores / resultsPerSecond) * 1000,
    cores,
    benchCores,
    otherCores:
      (after.machine - before.machine) / seconds -
      allCores -
      benchCores.cameras -
      benchCores.subscriber,
    cpuMsPerInference: cpuPerInference * 1000,
    resultsPerSecondBound: (0.85 * (availableParallelism() - cores.decode - 0.1)) / cpuPerInference,
    timerLatenessP99Ms: after.timerLatenessP99Ms,
    residentMib: after.memory,
    stages: stagesOf(run.subscriber, window),
    perCamera,
  }
}

function coresOf(before: Snapshot, after: Snapshot, seconds: number): Record<CostGroup, number> {
  const cores = { ...after.cpu }
  for (const group of costGroups) cores[group] = (after.cpu[group] - before.cpu[group]) / seconds
  return cores
}

function benchCoresOf(
  before: Snapshot,
  after: Snapshot,
  seconds: number,
): ManyCamerasReport['benchCores'] {
  return {
    cameras: (after.bench.cameras - before.bench.cameras) / seconds,
    subscriber: (after.bench.subscriber - before.bench.subscriber) / seconds,
  }
}

function deliveredOf(
  camera: string,
  subscriber: Subscriber,
  sentAt: ReadonlyMap<string, number>,
): readonly DeliveredResult[] {
  return subscriber.detections(camera).flatMap(({ message, receivedAtMs }) => {
    const sentAtMs = sentAt.get(`${camera} ${message.cameraRtpTimestamp}`)
    return sentAtMs === undefined ? [] : [{ sentAtMs, receivedAtMs }]
  })
}

function stagesOf(
  subscriber: Subscriber,
  window: { readonly fromMs: number; readonly toMs: number },
): Readonly<Record<string, Quantiles>> {
  const values: Record<string, number[]> = {}
  for (const { message, receivedAtMs } of subscriber.received) {
    if (message.type !== 'detections') continue
    if (receivedAtMs < window.fromMs || receivedAtMs >= window.toMs) continue
    for (const [stage, ms] of Object.entries(message.timings)) (values[stage] ??= []).push(ms)
  }
  return Object.fromEntries(Object.entries(values).map(([stage, each]) => [stage, quantiles(each)]))
}

function latenciesIn(
  results: readonly DeliveredResult[],
  window: { readonly fromMs: number; readonly toMs: number },
): readonly number[] {
  return results
    .filter(({ receivedAtMs }) => receivedAtMs >= window.fromMs && receivedAtMs < window.toMs)
    .map(({ sentAtMs, receivedAtMs }) => receivedAtMs - sentAtMs)
}

function backwards(results: readonly DeliveredResult[]): number {
  return results.filter(({ sentAtMs }, index) => sentAtMs < (results[index - 1]?.sentAtMs ?? 0))
    .length
}

type FrameCounts = Readonly<Record<string, number>>

function framesBetween(before: Snapshot, after: Snapshot, camera: string): FrameCounts {
  const from: FrameCounts = before.views.find(({ id }) => id === camera)?.frames ?? {}
  const to: FrameCounts = after.views.find(({ id }) => id === camera)?.frames ?? {}
  return Object.fromEntries(
    Object.entries(to).map(([name, count]) => [name, count - (from[name] ?? 0)]),
  )
}

function totalOf(all: readonly FrameCounts[]): FrameCounts {
  const total: Record<string, number> = {}
  for (const frames of all)
    for (const [name, count] of Object.entries(frames)) total[name] = (total[name] ?? 0) + count
  return total
}

function isConserved({ frames }: CameraView): boolean {
  const { received, ...ends } = frames
  return received === Object.values(ends).reduce((sum, count) => sum + count, 0)
}
