import type { SchedulerMode } from '../scheduling-policy.ts'
import type { StreamClass } from '../stream-slot.ts'

export interface SimulatedCamera {
  readonly fps: number
  readonly weight: number
  /** 0 = every frame. */
  readonly detectFps: number
  readonly class: StreamClass
  readonly width: number
  readonly height: number
  /** It delivers from then to then. */
  readonly onAtMs: number
  readonly offAtMs: number
}

/** A device and what is asked of it. */
export interface Scenario {
  readonly cameras: readonly SimulatedCamera[]
  readonly sessions: number
  readonly batchMax: number
  readonly mode: SchedulerMode
  /** From capture to result. */
  readonly budgetMs: number
  /** What b pictures of 416x234 take: alpha * b + beta; alpha grows with the pixels. */
  readonly alphaMs: number
  readonly betaMs: number
  /** From capture to the decoded frame: mean and deviation. */
  readonly ingestMs: number
  readonly ingestDeviationMs: number
  /** From the end of the batch to the delivered result. */
  readonly postMs: number
  /** So many of all batches take so much longer. */
  readonly hiccup: { readonly share: number; readonly ms: number }
  /** All sessions stand still then. */
  readonly stall: { readonly atMs: number; readonly ms: number } | null
  readonly seconds: number
  /** Whether the shedding controller is asked once a second. */
  readonly sheds: boolean
}

/** Six per cent of noise, as the CPU shows it, one-sided: nothing is faster than the device. */
export const latencyNoise = 0.06

export function batchMs(scenario: Scenario, batchSize: number, pixels: number): number {
  return scenario.alphaMs * batchSize * (pixels / (416 * 234)) + scenario.betaMs
}

/** `max(300 ms, 1.5 periods + budget)`: the freshness objective. */
export function freshnessTargetMs(camera: SimulatedCamera, budgetMs: number): number {
  const wantedFps = camera.detectFps === 0 ? camera.fps : Math.min(camera.fps, camera.detectFps)
  return Math.max(300, 1_500 / wantedFps + budgetMs)
}

/** Results a second with full batches of 416x234. */
export function capacityFps(scenario: Scenario): number {
  const { batchMax, sessions, hiccup } = scenario
  const meanMs =
    batchMs(scenario, batchMax, 416 * 234) * (1 + latencyNoise * Math.sqrt(2 / Math.PI))
  return (sessions * batchMax * 1000) / (meanMs + hiccup.share * hiccup.ms)
}

export const camera: SimulatedCamera = {
  fps: 30,
  weight: 1,
  detectFps: 0,
  class: 'live',
  width: 416,
  height: 234,
  onAtMs: 0,
  offAtMs: Infinity,
}

const device = {
  sessions: 1,
  mode: 'fresh',
  postMs: 2,
  hiccup: { share: 0.002, ms: 150 },
  stall: null,
  seconds: 40,
  sheds: false,
} as const

/** The devices of the design's table: a small and a large model on a GPU, a large one on a CPU; two cores with YOLOX-Nano. */
export const devices = {
  gpu: {
    ...device,
    alphaMs: 1,
    betaMs: 3,
    batchMax: 16,
    budgetMs: 120,
    ingestMs: 20,
    ingestDeviationMs: 4,
  },
  heavy: {
    ...device,
    alphaMs: 2,
    betaMs: 12,
    batchMax: 16,
    budgetMs: 200,
    ingestMs: 25,
    ingestDeviationMs: 5,
  },
  cpu: {
    ...device,
    alphaMs: 24,
    betaMs: 7,
    batchMax: 8,
    budgetMs: 400,
    ingestMs: 30,
    ingestDeviationMs: 6,
  },
  cores: {
    ...device,
    sessions: 2,
    alphaMs: 18,
    betaMs: 0,
    batchMax: 1,
    budgetMs: 200,
    ingestMs: 10,
    ingestDeviationMs: 3,
  },
} as const

export type DeviceName = keyof typeof devices

const rates = [30, 30, 25, 25, 15, 15, 15, 10, 10, 5]

/** As many cameras of mixed rates as ask for `load` times what the device gives. */
export function overloaded(name: DeviceName, load: number): Scenario {
  const scenario: Scenario = { ...devices[name], cameras: [] }
  const wantedFps = load * capacityFps(scenario)
  const cameras: SimulatedCamera[] = []
  for (let sumFps = 0; sumFps < wantedFps;) {
    // The large model on a CPU gives 40 results/s: cameras of a fifth of the rates, else there are too few to share.
    const fps = (rates[cameras.length % rates.length] ?? 0) / (name === 'cpu' ? 5 : 1)
    cameras.push({ ...camera, fps })
    sumFps += fps
  }
  return { ...scenario, cameras }
}

/** `count` alike. */
export function alike(count: number, which: Partial<SimulatedCamera> = {}): SimulatedCamera[] {
  return Array.from({ length: count }, () => ({ ...camera, ...which }))
}
