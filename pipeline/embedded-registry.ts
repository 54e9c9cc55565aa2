import { randomUUID } from 'node:crypto'
import { copyFile, link, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { isAbsence, readFileIfThere, sha256OfFile } from '#std/atomic-file.ts'
import type { Clock } from '#std/clock.ts'
import { messageOf } from '#std/coded-error.ts'
import {
  checkMetrics,
  checkName,
  type ModelRegistry,
  type ModelVersion,
  modelVersionSchema,
  type NewModelVersion,
  type RegisteredModel,
  versionOf,
} from './model-registry.ts'
import { RegistryError } from './registry-error.ts'

const modelSchema = z.strictObject({
  versions: z.array(modelVersionSchema),
  aliases: z.record(z.string(), z.int().positive()),
})

/** `registry.json`: all of it but the models' own bytes. */
const stateSchema = z.strictObject({
  format: z.literal(1),
  /** Counts changes. */
  revision: z.int().nonnegative(),
  models: z.record(z.string(), modelSchema),
})
type State = z.infer<typeof stateSchema>
type Model = z.infer<typeof modelSchema>

/** A writer that was held up while so many others wrote begins again. Also what is left to look back at. */
const revisionsKept = 100
/** Each try that fails is another writer's that succeeded. */
const triesMax = 1000

/**
 * The registry in a folder, so that nothing needs a server:
 *
 * - `registry.json`: the newest state; `revisions/<n>.json`: the last hundred.
 * - `files/<sha256>`: models and cards.
 *
 * A change is written under the next revision's name with link(2), which fails where another writer has that revision
 * already; then this one reads again and repeats. No lock is held that a killed process could leave, and containers that
 * share the folder need no common process ids. Who reads takes `registry.json` and the revisions after it.
 */
export class EmbeddedRegistry implements ModelRegistry {
  readonly #folder: string
  readonly #clock: Clock

  constructor(options: { readonly folder: string; readonly clock: Clock }) {
    this.#folder = options.folder
    this.#clock = options.clock
  }

  async models(): Promise<readonly string[]> {
    return Object.keys((await this.#read()).models).sort()
  }

  async model(name: string): Promise<RegisteredModel> {
    return { name, ...modelOf(await this.#read(), name) }
  }

  async add(added: NewModelVersion): Promise<ModelVersion> {
    checkName('model', added.name)
    const sha256 = await this.#keep(added.modelPath)
    const cardSha256 = await this.#keep(added.cardPath)
    const { licence, lineage } = added
    return await this.#change((state) => {
      const model = modelIfThere(state, added.name) ?? { versions: [], aliases: {} }
      const same = model.versions.find(
        (each) => each.sha256 === sha256 && each.cardSha256 === cardSha256,
      )
      if (same !== undefined) return { result: same }
      const version: ModelVersion = {
        version: (model.versions.at(-1)?.version ?? 0) + 1,
        sha256,
        cardSha256,
        licence,
        lineage,
        createdAt: new Date(this.#clock.wallTimeMs()).toISOString(),
        metrics: {},
      }
      const versions = [...model.versions, version]
      return { result: version, next: withModel(state, added.name, { ...model, versions }) }
    })
  }

  async recordMetrics(
    name: string,
    version: number,
    runtime: string,
    metrics: Readonly<Record<string, number>>,
  ): Promise<void> {
    checkMetrics(runtime, metrics)
    await this.#change((state) => {
      const model = modelOf(state, name)
      const found = versionOf({ name, ...model }, String(version))
      const all = { ...found.metrics, [runtime]: { ...found.metrics[runtime], ...metrics } }
      const versions = model.versions.map((each) =>
        each === found ? { ...found, metrics: all } : each,
      )
      return { result: null, next: withModel(state, name, { ...model, versions }) }
    })
  }

  async setAlias(name: string, alias: string, version: number): Promise<void> {
    checkName('alias', alias)
    await this.#change((state) => {
      const model = modelOf(state, name)
      versionOf({ name, ...model }, String(version))
      if (model.aliases[alias] === version) return { result: null }
      const aliases = { ...model.aliases, [alias]: version }
      return { result: null, next: withModel(state, name, { ...model, aliases }) }
    })
  }

  async removeAlias(name: string, alias: string): Promise<void> {
    await this.#change((state) => {
      const model = modelOf(state, name)
      const { [alias]: removed, ...aliases } = model.aliases
      if (removed === undefined)
        throw new RegistryError('alias_unset', `no version of ${name} is its ${alias}`)
      return { result: null, next: withModel(state, name, { ...model, aliases }) }
    })
  }

  async fetch(
    name: string,
    version: number,
    to: { readonly modelPath: string; readonly cardPath: string },
  ): Promise<void> {
    const { sha256, cardSha256 } = versionOf(await this.model(name), String(version))
    await this.#place(sha256, to.modelPath)
    await this.#place(cardSha256, to.cardPath)
  }

  /** Under its hash; returns that. */
  async #keep(path: string): Promise<string> {
    try {
      const sha256 = await sha256OfFile(path)
      await copyAtomically(path, this.#pathOf(sha256))
      return sha256
    } catch (cause) {
      if (isAbsence(cause))
        throw new RegistryError('model_unknown', `there is no ${path}`, { cause })
      throw cause
    }
  }

  async #place(sha256: string, path: string): Promise<void> {
    const kept = this.#pathOf(sha256)
    const found = await sha256OfFile(kept).catch((error: unknown) => {
      if (isAbsence(error)) return 'nothing'
      throw error
    })
    if (found !== sha256)
      throw new RegistryError('model_altered', `${kept} holds ${found.slice(0, 12)} instead`)
    await copyAtomically(kept, path)
  }

  #pathOf(sha256: string): string {
    return join(this.#folder, 'files', sha256)
  }

  /** `decide` may be called several times, with newer states. */
  async #change<T>(
    decide: (state: State) => { readonly result: T; readonly next?: State },
  ): Promise<T> {
    for (let tries = 0; tries < triesMax; tries++) {
      const state = await this.#read()
      const { result, next } = decide(state)
      if (next === undefined) return result
      if (await this.#commit({ ...next, revision: state.revision + 1 })) return result
    }
    throw new RegistryError('registry_refused', `others write into ${this.#folder} all the time`, {
      retryable: true,
    })
  }

  /** The newest of all: `registry.json` may be behind for as long as a writer was held up. */
  async #read(): Promise<State> {
    const shown = (await this.#readState(join(this.#folder, 'registry.json'))) ?? emptyState
    const newest = Math.max(0, ...(await this.#revisions()))
    if (newest <= shown.revision) return shown
    // Gone within a moment: a hundred others wrote meanwhile.
    return (await this.#readState(this.#revisionPath(newest))) ?? (await this.#read())
  }

  async #readState(path: string): Promise<State | null> {
    const bytes = await readFileIfThere(path)
    if (bytes === null) return null
    const result = stateSchema.safeParse(parseJson(bytes.toString('utf8'), path))
    if (result.success) return result.data
    const [issue] = result.error.issues
    const place = issue?.path.join('.') ?? ''
    throw new RegistryError('registry_invalid', `${path}: ${place}: ${issue?.message ?? ''}`)
  }

  /** False where another writer was first. */
  async #commit(state: State): Promise<boolean> {
    const path = this.#revisionPath(state.revision)
    await mkdir(join(this.#folder, 'revisions'), { recursive: true })
    const part = `${path}.${randomUUID()}.part`
    try {
      await writeFile(part, `${JSON.stringify(state, null, 2)}\n`)
      await link(part, path)
      const revisions = await this.#revisions()
      if (Math.max(...revisions) >= state.revision + revisionsKept) {
        // Held up for so long that another's revision of this number is forgotten already.
        await rm(path, { force: true })
        return false
      }
      // It counts from here on; the rest is for people, and for the disk.
      await rename(part, join(this.#folder, 'registry.json'))
      for (const revision of revisions)
        if (revision <= state.revision - revisionsKept)
          await rm(this.#revisionPath(revision), { force: true })
      return true
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
      throw error
    } finally {
      await rm(part, { force: true })
    }
  }

  async #revisions(): Promise<readonly number[]> {
    const names = await filesIn(join(this.#folder, 'revisions'))
    return names.filter((name) => /^\d+\.json$/.test(name)).map((name) => Number.parseInt(name, 10))
  }

  #revisionPath(revision: number): string {
    return join(this.#folder, 'revisions', `${String(revision).padStart(8, '0')}.json`)
  }
}

const emptyState: State = { format: 1, revision: 0, models: {} }

function modelOf(state: State, name: string): Model {
  const model = modelIfThere(state, name)
  if (model === undefined)
    throw new RegistryError('model_unknown', `the registry has no model ${name}`)
  return model
}

function modelIfThere(state: State, name: string): Model | undefined {
  return Object.hasOwn(state.models, name) ? state.models[name] : undefined
}

function withModel(state: State, name: string, model: Model): State {
  return { ...state, models: { ...state.models, [name]: model } }
}

/** A copy, not a link: a person may write into either. */
async function copyAtomically(from: string, to: string): Promise<void> {
  const part = `${to}.${randomUUID()}.part`
  await mkdir(dirname(to), { recursive: true })
  try {
    await copyFile(from, part)
    await rename(part, to)
  } finally {
    await rm(part, { force: true })
  }
}

async function filesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (isAbsence(error)) return []
    throw error
  }
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new RegistryError('registry_invalid', `${path} is no JSON: ${messageOf(cause)}`, {
      cause,
    })
  }
}
