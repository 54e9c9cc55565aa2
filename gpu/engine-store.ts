import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import type { Clock } from '#std/clock.ts'
import type { EngineFile } from './engine-builder.ts'
import { type EngineKey, engineKeyId, engineKeySchema } from './engine-key.ts'
import { type KeptEngine, leastUsedEngines } from './engine-retention.ts'

/** The sidecar: what was built, for what. Its time of change is that of the last use. */
const factsSchema = z.strictObject({
  key: engineKeySchema,
  modelFile: z.string().regex(/^[^/\\]+\.onnx$/),
  cardFile: z.string().regex(/^[^/\\]+\.json$/),
  /** Of the model file. */
  sha256: z.string(),
  bytes: z.int(),
})
const factsFile = 'engine.facts.json'

/** Folders of engines under one, each named after its key. Lives in the builder's process. */
export class EngineStore {
  readonly #dir: string
  readonly #clock: Clock

  constructor(dir: string, clock: Clock) {
    this.#dir = dir
    this.#clock = clock
  }

  /** The engine that was built for exactly this and is what was written then; else null. */
  async find(key: EngineKey): Promise<EngineFile | null> {
    const folder = this.#folderOf(key)
    const facts = await readFacts(folder)
    if (facts === null || !isDeepStrictEqual(facts.key, key)) return null
    const modelPath = join(folder, facts.modelFile)
    if ((await sha256Of(modelPath)) !== facts.sha256) return null
    const seconds = this.#clock.wallTimeMs() / 1_000
    await utimes(join(folder, factsFile), seconds, seconds)
    return { folder, modelPath, cardPath: join(folder, facts.cardFile), isReused: true }
  }

  /**
   * Puts model and card into place: whole or not at all, also where the power goes in the middle. `partDir` lies in the
   * store's folder, is the caller's, and is gone afterwards.
   */
  async place(engine: {
    readonly key: EngineKey
    readonly partDir: string
    readonly modelFile: string
    readonly model: Uint8Array
    readonly cardFile: string
    readonly card: string
  }): Promise<EngineFile> {
    const { key, partDir, modelFile, model, cardFile } = engine
    const sha256 = createHash('sha256').update(model).digest('hex')
    const facts = { key, modelFile, cardFile, sha256, bytes: model.length }
    await writeDurably(join(partDir, modelFile), model)
    await writeDurably(join(partDir, cardFile), engine.card)
    await writeDurably(join(partDir, factsFile), `${JSON.stringify(facts, null, 2)}\n`)
    const folder = this.#folderOf(key)
    // What stands there is damaged or it would have been used.
    await rm(folder, { recursive: true, force: true })
    await rename(partDir, folder)
    await syncFolder(this.#dir)
    const modelPath = join(folder, modelFile)
    return { folder, modelPath, cardPath: join(folder, cardFile), isReused: false }
  }

  /** Deletes what is too much, the least used first, and what builders that died left behind. */
  async prune(inUse: EngineFile): Promise<void> {
    await mkdir(this.#dir, { recursive: true })
    const kept: KeptEngine[] = []
    for (const name of await readdir(this.#dir)) {
      const folder = join(this.#dir, name)
      if (name.startsWith(partPrefix)) await this.#removeIfOld(folder)
      else kept.push({ folder, ...(await sizeOf(folder)) })
    }
    for (const folder of leastUsedEngines(kept, inUse.folder))
      await rm(folder, { recursive: true, force: true })
  }

  async #removeIfOld(folder: string): Promise<void> {
    const { mtimeMs } = await stat(folder)
    if (this.#clock.wallTimeMs() - mtimeMs < partAgeMsMin) return
    await rm(folder, { recursive: true, force: true })
  }

  #folderOf(key: EngineKey): string {
    return join(this.#dir, engineKeyId(key))
  }
}

/** How the name of a folder begins in which an engine is being built. */
export const partPrefix = '.part-'
/** Twice what a build may take: nobody is at work there any more. */
const partAgeMsMin = 3_600_000

async function readFacts(folder: string): Promise<z.infer<typeof factsSchema> | null> {
  try {
    return factsSchema.parse(JSON.parse(await readFile(join(folder, factsFile), 'utf8')))
  } catch {
    // Absent, damaged, or of another layout: all the same, it is built anew.
    return null
  }
}

async function sizeOf(folder: string): Promise<Pick<KeptEngine, 'bytes' | 'usedAtWallMs'>> {
  try {
    const [facts, sidecar] = await Promise.all([readFacts(folder), stat(join(folder, factsFile))])
    if (facts !== null) return { bytes: facts.bytes, usedAtWallMs: sidecar.mtimeMs }
  } catch {
    // No sidecar: never used again.
  }
  return { bytes: 0, usedAtWallMs: 0 }
}

/** null where the file cannot be read. */
async function sha256Of(path: string): Promise<string | null> {
  const hash = createHash('sha256')
  try {
    await pipeline(createReadStream(path), hash)
    return hash.digest('hex')
  } catch {
    return null
  }
}

async function writeDurably(path: string, content: string | Uint8Array): Promise<void> {
  const file = await open(path, 'w')
  try {
    await file.writeFile(content)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** So that the new name outlives a loss of power too. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
