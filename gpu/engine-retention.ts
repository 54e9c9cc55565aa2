export interface KeptEngine {
  readonly folder: string
  readonly bytes: number
  /** 0: never to be used again. */
  readonly usedAtWallMs: number
}

/** A machine's GPU, TensorRT and models change now and then; older engines may come back with a roll-back. */
const enginesMax = 8
/** A detector's engine has 10 to 200 MB. */
const bytesMax = 4 * 1024 ** 3

/** Least recently used: the folders to delete so that the rest keeps to 8 engines and 4 GiB; never the one in use. */
export function leastUsedEngines(engines: readonly KeptEngine[], inUse: string): string[] {
  const rank = (engine: KeptEngine): number =>
    engine.folder === inUse ? Number.POSITIVE_INFINITY : engine.usedAtWallMs
  const newestFirst = engines.toSorted((a, b) => rank(b) - rank(a))
  const stale: string[] = []
  let count = 0
  let bytes = 0
  for (const engine of newestFirst) {
    const fits = count < enginesMax && bytes + engine.bytes <= bytesMax
    if (engine.folder === inUse || (fits && engine.usedAtWallMs > 0)) {
      count++
      bytes += engine.bytes
    } else stale.push(engine.folder)
  }
  return stale
}
