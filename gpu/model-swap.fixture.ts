import assert from 'node:assert/strict'
import type { FrameOutcome } from './detector.ts'
import { card, type FakeThread, type NamedFrame, servingDetector } from './inference.fixture.ts'
import type { ModelCard } from './model-card.ts'

/** Wants the pixels that the fixture's own card wants. */
export const second: ModelCard = {
  ...card,
  name: 'second',
  prepared: { ...card.prepared, sha256: '2'.repeat(64) },
}
/** Wants others. */
export const smaller: ModelCard = { ...second, input: { ...second.input, size: { longSide: 320 } } }
export const request = { name: 'second', modelPath: 'second.onnx', cardPath: 'second.json' }

export async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
}

/** A detector that serves, and what its streams were told: `a1 detected yolox-nano`. */
export async function serving(options: Parameters<typeof servingDetector>[0] = {}) {
  const rig = await servingDetector(options)
  const { detector, threads } = rig
  const outcomes: string[] = []
  const outdated: string[] = []
  const addStream = (streamId: string) =>
    detector.addStream<NamedFrame>({
      streamId,
      memory: new SharedArrayBuffer(416 * 234 * 3),
      weight: 1,
      detectFps: 0,
      onOutcome: ({ name }, outcome) => outcomes.push(`${name} ${described(outcome)}`),
      onOutdated: () => outdated.push(streamId),
    })
  /** Starts a swap; with its workers, which have said nothing yet. */
  const startSwap = (change: Partial<Parameters<typeof detector.swap>[0]> = {}) => {
    const known = threads.all.length
    const swapped = detector.swap({ ...request, ...change })
    // Failures are looked at by the tests that expect them.
    swapped.catch(() => {})
    return { swapped, next: threads.all.slice(known) }
  }
  const [old] = threads.all
  assert.ok(old !== undefined)
  return { ...rig, old, outcomes, outdated, addStream, startSwap }
}

export function described(outcome: FrameOutcome): string {
  if (outcome.kind === 'failed') return `failed ${outcome.code}`
  return outcome.kind === 'detected' ? `detected ${outcome.model.name}` : outcome.kind
}

export function only(threads: readonly FakeThread[]): FakeThread {
  const [thread] = threads
  assert.ok(thread !== undefined && threads.length === 1)
  return thread
}
