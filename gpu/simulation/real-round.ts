import { type Clock, sleep, type Timer } from '#std/clock.ts'
import type { Detector, DetectorStream, FrameOutcome, OfferedFrame } from '../detector.ts'
import { Random } from './random.ts'
import type { Run, SimulatedBatch, SimulatedFrame } from './run.ts'
import type { Scenario } from './scenario.ts'

type RealFrame = SimulatedFrame & OfferedFrame

const pictures = 4

/** Noise: what is on a picture makes no difference to how long the model takes. */
export function noisePictures(width: number, height: number): SharedArrayBuffer {
  const memory = new SharedArrayBuffer(pictures * width * height * 3)
  const random = new Random(1)
  const words = new Uint32Array(memory, 0, Math.floor(memory.byteLength / 4))
  for (let i = 0; i < words.length; i++) words[i] = random.uniform() * 2 ** 32
  return memory
}

/**
 * Plays the cameras of a scenario to a real detector, in real time: each frame is offered `ingestMs` after its capture.
 * Frames that have not ended when the time is over stay open.
 */
export async function realRound(options: {
  readonly detector: Detector
  readonly scenario: Scenario
  readonly memory: SharedArrayBuffer
  readonly seed: number
  readonly clock: Clock
}): Promise<Run> {
  const { detector, scenario, memory, seed, clock } = options
  const random = new Random(seed)
  const startAtMs = clock.nowMs() + 50
  const frames: RealFrame[] = []
  const batches = new Map<string, SimulatedBatch>()
  const timers = new Map<number, Timer>()
  const streams: DetectorStream<RealFrame>[] = []

  function onOutcome(frame: RealFrame, outcome: FrameOutcome): void {
    if (outcome.kind === 'failed') return
    frame.outcome = outcome.kind
    frame.endedAtMs = clock.nowMs() - startAtMs
    if (outcome.kind !== 'detected') return
    const { dispatchedAtMs, postedAtMs } = outcome.stamps
    // Two batches of two sessions may start in one millisecond, but do not end in one.
    const key = `${dispatchedAtMs} ${postedAtMs}`
    const cameras = [...(batches.get(key)?.cameras ?? []), frame.camera]
    const ms = postedAtMs - dispatchedAtMs
    batches.set(key, { startAtMs: dispatchedAtMs - startAtMs, ms, cameras, isSpare: false })
  }

  function plan(camera: number, capturedAtMs: number): void {
    const delayMs = startAtMs + capturedAtMs + scenario.ingestMs - clock.nowMs()
    const offer = (): void => {
      const one = scenario.cameras[camera]
      if (one === undefined) return
      const frame: RealFrame = {
        camera,
        capturedAtMs: startAtMs + capturedAtMs,
        arrivedAtMs: clock.nowMs() - startAtMs,
        deadlineAtMs: startAtMs + capturedAtMs + scenario.budgetMs,
        width: one.width,
        height: one.height,
        byteOffset: (frames.length % pictures) * one.width * one.height * 3,
        outcome: null,
        endedAtMs: Infinity,
      }
      frames.push(frame)
      streams[camera]?.offer(frame)
      plan(camera, capturedAtMs + 1000 / one.fps)
    }
    timers.set(camera, clock.after(delayMs, offer))
  }

  for (const [camera, one] of scenario.cameras.entries()) {
    const { weight, detectFps } = one
    const streamId = String(camera)
    streams.push(detector.addStream<RealFrame>({ streamId, memory, weight, detectFps, onOutcome }))
    plan(camera, (random.uniform() * 1000) / one.fps)
  }
  await sleep(clock, scenario.seconds * 1000 + 50)
  for (const timer of timers.values()) timer[Symbol.dispose]()
  for (const stream of streams) stream[Symbol.dispose]()
  const told = frames.map((frame) => sinceStart(frame, startAtMs))
  return { scenario, frames: told, batches: [...batches.values()], ratesFps: [] }
}

function sinceStart(frame: RealFrame, startAtMs: number): SimulatedFrame {
  const { camera, arrivedAtMs, width, height, outcome, endedAtMs } = frame
  const capturedAtMs = frame.capturedAtMs - startAtMs
  const deadlineAtMs = frame.deadlineAtMs - startAtMs
  return { camera, capturedAtMs, arrivedAtMs, deadlineAtMs, width, height, outcome, endedAtMs }
}
