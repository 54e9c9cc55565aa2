import type { EngineKey } from './engine-key.ts'
import { inputGeometry, type Size } from './letterbox.ts'
import type { ModelCard, ModelInput } from './model-card.ts'

/** Most cameras are 16:9. */
const commonSource = { width: 1920, height: 1080 }
/** Batches of live cameras are small: the scheduler gives up size for age. */
const commonBatch = 8

/** Sides of a letterboxed picture are even: 10000x1 becomes 416x2. */
const thinnest = 2

/** Shapes of `pixels` that cameras of any aspect give, by the card; TensorRT tunes for the one in the middle. */
export function engineShapes(
  card: {
    readonly input: ModelInput
    readonly prepared: Pick<ModelCard['prepared'], 'batchMax'>
  },
  picturesMax: number,
): EngineKey['shapes'] {
  const { input, prepared } = card
  const batchMax = Math.min(picturesMax, prepared.batchMax ?? picturesMax)
  const common = inputGeometry(card, commonSource)
  const [lowest, highest] = sideLimits(input)
  return {
    smallest: [1, lowest.height, lowest.width, 3],
    optimal: [Math.min(commonBatch, batchMax), common.height, common.width, 3],
    largest: [batchMax, highest.height, highest.width, 3],
  }
}

function sideLimits({ size, fit, stride }: ModelInput): readonly [lowest: Size, highest: Size] {
  const isFree = 'longSide' in size
  const highest = isFree ? { width: size.longSide, height: size.longSide } : size
  // A picture stretched into a fixed size fills it, whatever its aspect.
  if (fit === 'stretch' && !isFree) return [highest, highest]
  const side = fit === 'stretch' ? stride : thinnest
  return [{ width: side, height: side }, highest]
}
