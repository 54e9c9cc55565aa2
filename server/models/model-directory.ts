import { basename } from 'node:path'
import type { DetectorStatus } from '#gpu/detector.ts'
import type { ModelCard } from '#gpu/model-card.ts'
import { ModelError } from '#gpu/model-error.ts'
import { readModelCard } from '#gpu/model-files.ts'
import type { SwapRequest } from '#gpu/model-swap.ts'
import { listPreparedModels, type PreparedModel } from '#gpu/prepared-models.ts'
import type { ModelActivation, ModelsView, ModelView } from '#protocol/models.ts'
import { withTimeout, type Clock } from '#std/clock.ts'
import { swapView } from './swap-view.ts'
import { UnknownModelError } from './unknown-model-error.ts'

/** What is needed of the detector. */
export interface ModelServer {
  swap(request: SwapRequest): Promise<unknown>
  status(): Pick<DetectorStatus, 'model' | 'executionProvider' | 'swap' | 'lastSwapFailure'>
}

export interface ModelDirectoryOptions {
  /** Of prepared models and their cards. */
  readonly folder: string
  /** The model that the configuration names. */
  readonly atStart: string
  readonly detector: ModelServer
  readonly clock: Clock
}

/** Longest answer: loading may take two minutes, and a camera half a one to move. What is not done then goes on. */
const answerLimitMs = 120_000

/** The prepared models, and which of them serves. */
export class ModelDirectory {
  readonly #options: ModelDirectoryOptions

  constructor(options: ModelDirectoryOptions) {
    this.#options = options
  }

  async list(): Promise<ModelsView> {
    const { folder, atStart, detector, clock } = this.#options
    const { models, refused } = await listPreparedModels(folder)
    const status = detector.status()
    const views = [
      ...models.map((model) => usableView(model, status.model)),
      ...refused.map(({ cardPath, reason }) => refusedView(nameOf(cardPath), reason)),
    ]
    return {
      models: views.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
      atStart,
      ...swapView(status, clock),
    }
  }

  /**
   * Resolves when the model serves and the former one has left, or after two minutes. Rejects with UnknownModelError,
   * ModelError, InferenceError or SwapError; then the former one serves on.
   */
  async activate(name: string): Promise<ModelActivation> {
    const { folder, detector, clock } = this.#options
    const { models, refused } = await listPreparedModels(folder)
    const model = models.find(({ card }) => card.name === name)
    if (model === undefined) {
      const refusal = refused.find(({ cardPath }) => nameOf(cardPath) === name)
      throw refusal === undefined ? unknown(name) : await refusalOf(refusal)
    }
    if (isActive(model.card, detector.status().model)) return this.#activation({ changed: false })
    const { modelPath, cardPath } = model
    const swapped = detector.swap({ name, modelPath, cardPath })
    await withTimeout(clock, swapped, answerLimitMs, () => {})
    return this.#activation({ changed: true })
  }

  #activation({ changed }: { readonly changed: boolean }): ModelActivation {
    const { atStart, detector, clock } = this.#options
    const status = detector.status()
    const { name, sha256 } = status.model
    const { executionProvider } = status
    return {
      active: { name, sha256, executionProvider },
      changed,
      swap: swapView(status, clock).swap,
      persisted: false,
      atStart,
    }
  }
}

function nameOf(cardPath: string): string {
  return basename(cardPath, '.json')
}

function isActive(card: ModelCard, serving: DetectorStatus['model']): boolean {
  return card.name === serving.name && card.prepared.sha256 === serving.sha256
}

function unknown(name: string): UnknownModelError {
  return new UnknownModelError(
    'unknown_model',
    `there is no prepared model “${name}”; GET /api/models lists those that there are`,
  )
}

/** With the code that loading it would have given. */
async function refusalOf(refusal: {
  readonly cardPath: string
  readonly reason: string
}): Promise<unknown> {
  try {
    const card = await readModelCard(refusal.cardPath)
    const isOwn = card.name === nameOf(refusal.cardPath)
    return new ModelError(isOwn ? 'model_missing' : 'card_invalid', refusal.reason)
  } catch (error) {
    return error
  }
}

function usableView({ card }: PreparedModel, serving: DetectorStatus['model']): ModelView {
  const active = isActive(card, serving)
  return { name: card.name, active, usable: true, reason: null, facts: factsOf(card) }
}

function refusedView(name: string, reason: string): ModelView {
  return { name, active: false, usable: false, reason, facts: null }
}

function factsOf(card: ModelCard): ModelView['facts'] {
  const { licence, source, head, classes, prepared } = card
  const { size, stride, colourOrder, fit } = card.input
  const sides = 'longSide' in size ? { width: size.longSide, height: size.longSide } : { ...size }
  return {
    licence,
    source,
    family: head.family,
    input: { ...sides, rectangular: 'longSide' in size, stride, colourOrder, fit },
    classes: classes.length,
    sha256: prepared.sha256,
    bytes: prepared.bytes,
  }
}
