import { contentSize } from '#gpu/letterbox.ts'
import type { Model } from '#gpu/model.ts'
import type { Clock } from '#std/clock.ts'
import { atMost, type GateCheck, type GateResult, gateResult, leftOut } from './gate.ts'
import { quantile } from './measure-latency.ts'
import type { VerifySubject } from './verify-subject.ts'

/** p95 of a batch over the champion's. */
const ratioMax = 1.1
const warmUpRounds = 10
/**
 * The ratio is the middle one of these blocks: another program's burst falls on both models, but not on the same
 * rounds of both.
 */
const blocks = 5
const roundsABlock = 60
const camera = { width: 1280, height: 720 }

/**
 * Gate E: what batches take, against the model that serves today on the same machine; the two take turns, and who
 * begins does, too.
 */
export async function verifySpeed(
  { model, executionProviders, clock, signal, progress }: VerifySubject,
  champion: Model | null,
): Promise<GateResult> {
  if (champion === null)
    return gateResult('E', [leftOut('p95', 'there is no champion to compare with')])
  const checks: GateCheck[] = []
  for (const count of batchSizes(model, champion, executionProviders)) {
    const ratios: number[] = []
    let last = { ours: NaN, theirs: NaN }
    for (let block = 0; block < blocks; block++) {
      signal.throwIfAborted()
      last = await measureBlock({ model, champion, count, clock, block })
      ratios.push(last.ours / last.theirs)
      progress.step(`gate E, batches of ${count}`, block + 1, blocks, 'blocks')
    }
    const ratio = quantile(
      ratios.toSorted((a, b) => a - b),
      0.5,
    )
    const name = `p95 of a batch of ${count}, ${last.ours.toFixed(1)} against ${last.theirs.toFixed(1)} ms`
    checks.push(atMost(name, ratio, ratioMax, ' x'))
  }
  return gateResult('E', checks)
}

/** A CPU gains nothing by batches, and serves none. */
function batchSizes(
  model: Model,
  champion: Model,
  providers: readonly string[],
): readonly number[] {
  const isCpu = model.executionProvider === 'cpu' && providers.includes('cpu')
  const max = Math.min(
    isCpu ? 1 : 32,
    model.card.prepared.batchMax ?? Infinity,
    champion.card.prepared.batchMax ?? Infinity,
  )
  return [1, 2, 4, 8, 16, 32].filter((count) => count <= max)
}

async function measureBlock(options: {
  readonly model: Model
  readonly champion: Model
  readonly count: number
  readonly clock: Clock
  readonly block: number
}): Promise<{ readonly ours: number; readonly theirs: number }> {
  const { model, champion, count, clock, block } = options
  const runs = [model, champion].map((each) => {
    const size = contentSize(each.card.input, camera)
    const pixels = new Uint8Array(count * size.width * size.height * 3).map(
      (_, i) => (i * 7) & 0xff,
    )
    return { each, batch: { pixels, count, ...size }, ms: emptyNumbers() }
  })
  const warmUp = block === 0 ? warmUpRounds : 1
  for (let round = 0; round < roundsABlock + warmUp; round++)
    for (const { each, batch, ms } of round % 2 === 0 ? runs : runs.toReversed()) {
      const startAtMs = clock.nowMs()
      await each.run(batch)
      if (round >= warmUp) ms.push(clock.nowMs() - startAtMs)
    }
  const [ours = NaN, theirs = NaN] = runs.map(({ ms }) =>
    quantile(
      ms.toSorted((a, b) => a - b),
      0.95,
    ),
  )
  return { ours, theirs }
}

function emptyNumbers(): number[] {
  return []
}
