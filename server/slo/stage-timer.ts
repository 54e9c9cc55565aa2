import { Histogram } from '#std/histogram.ts'
import type { DeliveredStamps } from './camera-slo.ts'
import { latencyEdgesSeconds, type Stage } from './stages.ts'

/** Where the time of delivered results went, over all cameras, in seconds. Allocates nothing while it counts. */
export class StageTimer {
  readonly stages: Readonly<Record<Stage, Histogram>> = {
    receive: new Histogram(latencyEdgesSeconds),
    decode: new Histogram(latencyEdgesSeconds),
    queue: new Histogram(latencyEdgesSeconds),
    infer: new Histogram(latencyEdgesSeconds),
    post: new Histogram(latencyEdgesSeconds),
    publish: new Histogram(latencyEdgesSeconds),
  }
  readonly endToEnd = new Histogram(latencyEdgesSeconds)

  observe(stamps: DeliveredStamps): void {
    observe(this.stages.receive, stamps.capturedAtMs, stamps.arrivedAtMs)
    observe(this.stages.decode, stamps.arrivedAtMs, stamps.decodedAtMs)
    observe(this.stages.queue, stamps.decodedAtMs, stamps.dispatchedAtMs)
    observe(this.stages.infer, stamps.dispatchedAtMs, stamps.inferredAtMs)
    observe(this.stages.post, stamps.inferredAtMs, stamps.postedAtMs)
    observe(this.stages.publish, stamps.postedAtMs, stamps.publishedAtMs)
    observe(this.endToEnd, stamps.capturedAtMs, stamps.publishedAtMs)
  }
}

/** The sliding capture clock may put a capture a hair after the arrival: that counts as 0. */
function observe(histogram: Histogram, fromMs: number, toMs: number): void {
  histogram.observe(Math.max(0, toMs - fromMs) / 1_000)
}
