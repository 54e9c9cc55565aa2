import { z } from 'zod'
import { RegistryError } from './registry-error.ts'

const sha256 = z.string().regex(/^[0-9a-f]{64}$/)

/** What a model was made of and with: enough to make it again. Null, or left out: not known. */
export const lineageSchema = z.strictObject({
  /** `root` of dataset.lock.json. */
  dataRootHash: sha256.nullable(),
  gitSha: z
    .string()
    .regex(/^[0-9a-f]{40}$/)
    .nullable(),
  /** sha256 of pipeline/requirements.<group>.txt, by group. */
  requirements: z.record(z.string(), sha256),
  seed: z.int().nonnegative().nullable(),
})
export type Lineage = z.infer<typeof lineageSchema>

/** By runtime (`onnxruntime-cpu`), by metric (`map50_95`). */
export const metricsSchema = z.record(z.string(), z.record(z.string(), z.number()))

export const modelVersionSchema = z.strictObject({
  /** From 1, in the order in which they came. */
  version: z.int().positive(),
  /** Of the prepared file; the card's is `cardSha256`. */
  sha256,
  cardSha256: sha256,
  licence: z.string(),
  /** ISO 8601, UTC. */
  createdAt: z.string(),
  lineage: lineageSchema,
  metrics: metricsSchema,
})
export type ModelVersion = z.infer<typeof modelVersionSchema>

export interface NewModelVersion {
  /** Of the model, whose versions these are. */
  readonly name: string
  readonly modelPath: string
  readonly cardPath: string
  readonly licence: string
  readonly lineage: Lineage
}

export interface RegisteredModel {
  readonly name: string
  /** Ascending. */
  readonly versions: readonly ModelVersion[]
  readonly aliases: Readonly<Record<string, number>>
}

/**
 * Versions of models with the files themselves, where they come from, what they are worth in each runtime, and which of
 * them is champion. Two writers at once lose nothing. Everything rejects with RegistryError.
 */
export interface ModelRegistry {
  /** Names, sorted. */
  models(): Promise<readonly string[]>
  /** Rejects with `model_unknown`. */
  model(name: string): Promise<RegisteredModel>
  /** The files are copied. The same bytes again are the version that they were. */
  add(version: NewModelVersion): Promise<ModelVersion>
  /** Those of the runtime that are named are replaced. */
  recordMetrics(
    name: string,
    version: number,
    runtime: string,
    metrics: Readonly<Record<string, number>>,
  ): Promise<void>
  /** Moves the alias if it points elsewhere. */
  setAlias(name: string, alias: string, version: number): Promise<void>
  /** Rejects with `alias_unset` where there is none. */
  removeAlias(name: string, alias: string): Promise<void>
  /** Writes the version's files; rejects with `model_altered` where they are not what was added. */
  fetch(
    name: string,
    version: number,
    to: { readonly modelPath: string; readonly cardPath: string },
  ): Promise<void>
}

/** By number or alias: `3`, `champion`. Throws RegistryError `version_unknown` or `alias_unset`. */
export function versionOf(model: RegisteredModel, typed: string): ModelVersion {
  const isNumber = /^\d+$/.test(typed)
  const alias = Object.hasOwn(model.aliases, typed) ? model.aliases[typed] : undefined
  const number = isNumber ? Number(typed) : alias
  if (number === undefined)
    throw new RegistryError('alias_unset', `no version of ${model.name} is its ${typed}`)
  const found = model.versions.find(({ version }) => version === number)
  if (found !== undefined) return found
  throw new RegistryError('version_unknown', `there is no version ${number} of ${model.name}`)
}

/**
 * Names of models, aliases, runtimes and metrics: what MLflow takes in its paths and filters, too. Numbers and MLflow's
 * own `latest` are no aliases. Throws RegistryError `name_invalid`.
 */
export function checkName(kind: 'model' | 'alias' | 'runtime' | 'metric', name: string): void {
  const isName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(name)
  const isTaken = kind === 'alias' && (/^v?\d+$/i.test(name) || name.toLowerCase() === 'latest')
  if (isName && !isTaken) return
  const shown = JSON.stringify(name.slice(0, 100))
  throw new RegistryError('name_invalid', `${shown} cannot be the name of a ${kind}`)
}

/** Throws RegistryError `name_invalid`. */
export function checkMetrics(runtime: string, metrics: Readonly<Record<string, number>>): void {
  checkName('runtime', runtime)
  for (const [name, value] of Object.entries(metrics)) {
    checkName('metric', name)
    if (!Number.isFinite(value))
      throw new RegistryError('name_invalid', `the metric ${name} is no number: ${value}`)
  }
}
