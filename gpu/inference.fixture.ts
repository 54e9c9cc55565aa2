import assert from 'node:assert/strict'
import { FakeClock } from '#std/fake-clock.ts'
import { silentLog } from '#std/log.ts'
import catalogue from '../config/models/yolox-nano.json' with { type: 'json' }
import type { FrameOutcome, OfferedFrame } from './detector.ts'
import type { FromWorker, InferenceBoot, RunMessage, ToWorker } from './inference-messages.ts'
import type {
  InferenceThread,
  InferenceThreadListener,
  StartInferenceThread,
} from './inference-thread.ts'
import { type ModelCard, modelCardSchema } from './model-card.ts'
import { type OpenDetectorOptions, openDetector } from './open-detector.ts'

export const card: ModelCard = modelCardSchema.parse({
  ...catalogue,
  prepared: {
    sha256: '0'.repeat(64),
    bytes: 1,
    from: 'path',
    rawSha256: '0'.repeat(64),
    preparation: 1,
  },
})

/** A worker that says what the test makes it say. */
export class FakeThread implements InferenceThread {
  readonly posted: ToWorker[] = []
  readonly boot: InferenceBoot
  readonly #listener: InferenceThreadListener
  isAbandoned = false

  constructor(boot: InferenceBoot, listener: InferenceThreadListener) {
    this.boot = boot
    this.#listener = listener
  }

  post(message: ToWorker): void {
    this.posted.push(message)
  }

  abandon(): void {
    this.isAbandoned = true
  }

  get runs(): readonly RunMessage[] {
    return this.posted.filter((message) => message.kind === 'run')
  }

  get wasAskedToLeave(): boolean {
    return this.posted.some(({ kind }) => kind === 'leave')
  }

  say(message: FromWorker): void {
    this.#listener.onMessage(message)
  }

  /** Warm: a batch of b takes `msPerPicture` * b. */
  ready(msPerPicture = 10, batchMax = 1, itsCard = card): void {
    const samples: { batchSize: number; ms: number }[] = []
    for (let batchSize = 1; batchSize <= batchMax; batchSize++)
      for (let i = 0; i < 3; i++) samples.push({ batchSize, ms: msPerPicture * batchSize })
    const calibration = { width: 416, height: 234, samples }
    const at = { executionProvider: 'cpu', passedOver: [] } as const
    this.say({ kind: 'ready', card: itsCard, ...at, batchMax, calibration, notes: [] })
  }

  /** Answers the last batch: one car in each picture. */
  answer(inferredAtMs = 0): void {
    const run = this.runs.at(-1)
    assert(run !== undefined, 'a batch was posted')
    const counts = run.byteOffsets.map(() => 1)
    const detections = new Float32Array(counts.flatMap(() => [2, 0.5, 0.25, 0.25, 0.5, 0.5]))
    this.say({ kind: 'ran', batchId: run.batchId, counts, detections, inferredAtMs })
  }

  fail(error: unknown): void {
    this.#listener.onError(error)
  }

  exit(code: number): void {
    this.#listener.onExit(code)
  }
}

/** Threads as they are started. */
export class FakeThreads {
  readonly all: FakeThread[] = []

  readonly start: StartInferenceThread = (boot, listener) => {
    const thread = new FakeThread(boot, listener)
    this.all.push(thread)
    return thread
  }

  get last(): FakeThread {
    const thread = this.all.at(-1)
    assert(thread !== undefined, 'a thread was started')
    return thread
  }
}

export interface NamedFrame extends OfferedFrame {
  readonly name: string
}

export function offered(name: string, capturedAtMs: number, byteOffset = 0): NamedFrame {
  const deadlineAtMs = capturedAtMs + 200
  return { name, byteOffset, width: 416, height: 234, capturedAtMs, deadlineAtMs }
}

export function openOptions(clock: FakeClock, threads: FakeThreads): OpenDetectorOptions {
  return {
    modelPath: 'model.onnx',
    cardPath: 'model.json',
    photoPath: 'photo.jpg',
    ffmpegPath: 'ffmpeg',
    clock,
    log: silentLog,
    worker: threads.start,
  }
}

/** A detector that serves with fake workers, on a clock that stands still. */
export async function servingDetector(options: Partial<OpenDetectorOptions> = {}) {
  const clock = new FakeClock()
  const threads = new FakeThreads()
  const opening = openDetector({ ...openOptions(clock, threads), ...options })
  for (const thread of threads.all)
    thread.ready(10, options.batchMax === 'auto' ? 1 : options.batchMax)
  const detector = await opening
  const outcomes: string[] = []
  const addStream = (streamId: string, detectFps = 0) =>
    detector.addStream<NamedFrame>({
      streamId,
      memory: new SharedArrayBuffer(416 * 234 * 3),
      weight: 1,
      detectFps,
      onOutcome: ({ name }, outcome) => outcomes.push(`${name} ${described(outcome)}`),
    })
  return { clock, threads, detector, outcomes, addStream }
}

function described(outcome: FrameOutcome): string {
  return outcome.kind === 'failed' ? `failed ${outcome.code}` : outcome.kind
}
