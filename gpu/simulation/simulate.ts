import { assert } from '#std/assert.ts'
import type { Batch } from '../batch.ts'
import type { SchedulerOptions, SchedulingPolicy, Undetected } from '../scheduling-policy.ts'
import type { SchedulableFrame } from '../stream-slot.ts'
import { EventQueue } from './event-queue.ts'
import { Random } from './random.ts'
import type { Run, SimulatedBatch, SimulatedFrame } from './run.ts'
import { batchMs, latencyNoise, type Scenario, type SimulatedCamera } from './scenario.ts'
import { SimulatedShedding } from './simulated-shedding.ts'

export type PolicyOf = <F extends SchedulableFrame>(
  options: SchedulerOptions<F>,
  scenario: Scenario,
) => SchedulingPolicy<F>

/** Lets one policy work through one scenario; the same seed gives the same frames to every policy. */
export function simulate(scenario: Scenario, policyOf: PolicyOf, seed = 1): Run {
  const simulation = new Simulation(scenario, policyOf, seed)
  return simulation.run()
}

class Simulation {
  readonly #scenario: Scenario
  readonly #policy: SchedulingPolicy<SimulatedFrame>
  readonly #events = new EventQueue()
  /** Apart, so that what a policy does does not change what the cameras do. */
  readonly #cameraRandom: Random
  readonly #deviceRandom: Random
  readonly #frames: SimulatedFrame[] = []
  readonly #batches: SimulatedBatch[] = []
  readonly #shedding: SimulatedShedding | null
  #free: number
  #wakeAtMs = Infinity

  constructor(scenario: Scenario, policyOf: PolicyOf, seed: number) {
    this.#scenario = scenario
    this.#cameraRandom = new Random(seed)
    this.#deviceRandom = new Random(seed + 1_000)
    this.#free = scenario.sessions
    const { batchMax, mode } = scenario
    const onUndetected = (frame: SimulatedFrame, outcome: Undetected): void =>
      this.#end(frame, outcome)
    this.#policy = policyOf<SimulatedFrame>({ batchMax, mode, onUndetected }, scenario)
    this.#shedding = scenario.sheds ? new SimulatedShedding(scenario, this.#policy) : null
  }

  run(): Run {
    this.#calibrate()
    for (const [index, camera] of this.#scenario.cameras.entries()) {
      this.#policy.addStream(String(index), camera)
      const phaseMs = (this.#cameraRandom.uniform() * 1000) / camera.fps
      this.#planCapture(index, camera, camera.onAtMs + phaseMs)
    }
    if (this.#shedding !== null) this.#planTick(this.#shedding)
    this.#events.runUntil(this.#scenario.seconds * 1000)
    this.#checkConservation()
    return {
      scenario: this.#scenario,
      frames: this.#frames,
      batches: this.#batches,
      ratesFps: this.#shedding?.ratesFps ?? [],
    }
  }

  #calibrate(): void {
    const shape = { width: 416, height: 234 }
    const { batchMax } = this.#scenario
    for (let round = 0; round < 4; round++)
      for (let batchSize = 1; batchSize <= batchMax; batchSize *= 2) {
        const ms = this.#noisy(batchMs(this.#scenario, batchSize, 416 * 234))
        this.#policy.calibrate(shape, { batchSize, ms })
      }
  }

  #planCapture(index: number, camera: SimulatedCamera, capturedAtMs: number): void {
    if (capturedAtMs >= camera.offAtMs) return
    const { ingestMs, ingestDeviationMs, budgetMs, postMs } = this.#scenario
    const delayMs = ingestMs + this.#cameraRandom.gauss() * ingestDeviationMs
    const frame: SimulatedFrame = {
      camera: index,
      capturedAtMs,
      arrivedAtMs: capturedAtMs + Math.max(5, delayMs),
      deadlineAtMs: camera.class === 'live' ? capturedAtMs + budgetMs - postMs : Infinity,
      width: camera.width,
      height: camera.height,
      outcome: null,
      endedAtMs: Infinity,
    }
    this.#events.plan(frame.arrivedAtMs, () => this.#arrive(frame))
    const nextAtMs = capturedAtMs + 1000 / camera.fps
    this.#events.plan(capturedAtMs, () => this.#planCapture(index, camera, nextAtMs))
  }

  #arrive(frame: SimulatedFrame): void {
    this.#frames.push(frame)
    this.#shedding?.arrived(frame.camera)
    this.#policy.arrive(String(frame.camera), frame, this.#events.nowMs)
    this.#pump()
  }

  /** As the detector does it. */
  #pump(): void {
    for (;;) {
      const { nowMs } = this.#events
      const decision = this.#policy.poll(nowMs, this.#free)
      if (decision.kind === 'idle') return
      if (decision.kind === 'wait') return this.#wake(decision.atMs)
      this.#start(decision.batch)
    }
  }

  #wake(atMs: number): void {
    const { nowMs } = this.#events
    assert(atMs > nowMs, 'no timer in the past')
    if (this.#wakeAtMs === atMs) return
    this.#wakeAtMs = atMs
    this.#events.plan(atMs, () => {
      // Another wait has taken its place.
      if (this.#wakeAtMs !== atMs) return
      this.#wakeAtMs = Infinity
      this.#pump()
    })
  }

  #start(batch: Batch<SimulatedFrame>): void {
    const { nowMs } = this.#events
    const ms = this.#batchMs(batch, nowMs)
    this.#free--
    this.#batches.push({
      startAtMs: nowMs,
      ms,
      cameras: batch.frames.map(({ camera }) => camera),
      isSpare: batch.isSpare,
    })
    this.#events.plan(nowMs + ms, () => {
      this.#free++
      for (const frame of batch.frames) {
        this.#end(frame, 'detected')
        frame.endedAtMs += this.#scenario.postMs
        this.#shedding?.detected(frame)
      }
      this.#shedding?.ran(ms)
      this.#policy.done(batch, ms)
      this.#pump()
    })
  }

  #batchMs(batch: Batch<SimulatedFrame>, nowMs: number): number {
    const { hiccup, stall } = this.#scenario
    const [first] = batch.frames
    assert(first !== undefined, 'a batch has a frame')
    let ms = this.#noisy(batchMs(this.#scenario, batch.size, first.width * first.height))
    if (this.#deviceRandom.uniform() < hiccup.share) ms += hiccup.ms
    // What runs when the device stands still, or starts then, goes on afterwards.
    if (stall !== null && nowMs + ms > stall.atMs && nowMs < stall.atMs + stall.ms)
      ms += Math.min(stall.ms, stall.atMs + stall.ms - nowMs)
    return ms
  }

  #noisy(ms: number): number {
    return ms * (1 + Math.abs(this.#deviceRandom.gauss()) * latencyNoise)
  }

  #end(frame: SimulatedFrame, outcome: Undetected | 'detected'): void {
    assert(frame.outcome === null, 'a frame ends once')
    frame.outcome = outcome
    frame.endedAtMs = this.#events.nowMs
  }

  #planTick(shedding: SimulatedShedding): void {
    this.#events.plan(this.#events.nowMs + 100, () => {
      shedding.sample(this.#events.nowMs)
      this.#planTick(shedding)
    })
  }

  /** Received = ended + what the policy still holds, which it gives back stream by stream, + what runs. */
  #checkConservation(): void {
    const running = this.#batches.filter(
      ({ startAtMs, ms }) => startAtMs + ms > this.#scenario.seconds * 1000,
    )
    const inFlight = running.reduce((sum, batch) => sum + batch.cameras.length, 0)
    let waiting = 0
    for (const index of this.#scenario.cameras.keys())
      if (this.#policy.removeStream(String(index)) !== null) waiting++
    const open = this.#frames.filter(({ outcome }) => outcome === null).length
    assert(open === waiting + inFlight, 'each frame ended, waits or runs')
  }
}
