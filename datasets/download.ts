import { mkdir, open, rename, rm, truncate } from 'node:fs/promises'
import { dirname } from 'node:path'
import { StageError } from '#pipeline/stage-error.ts'
import { partSuffix, sha256OfFile, sizeIfThere } from '#std/atomic-file.ts'
import { backoffDelayMs } from '#std/backoff.ts'
import { type Clock, sleep } from '#std/clock.ts'
import { messageOf } from '#std/coded-error.ts'
import { type Answer, answerOf, requestHeaders } from './download-answer.ts'
import { readPartNote, writePartNote } from './part-note.ts'
import { asStageError } from './output-folder.ts'

export interface DownloadOptions {
  readonly url: string
  /** Where the whole file comes to lie; a part of it waits beside it for the next try. */
  readonly path: string
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>
  /** Bytes free where the folder is. */
  readonly freeBytes: (folder: string) => Promise<number>
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly onProgress: (done: number, total: number | null) => void
  /** One line: why it begins again, or waits. */
  readonly onNote: (line: string) => void
  /** Looks at the whole file before it gets its name; where it throws, the bytes are thrown away. */
  readonly check: (part: string, found: Downloaded) => Promise<void>
}

export interface Downloaded {
  readonly bytes: number
  readonly sha256: string
  readonly etag: string | null
}

/** Tries without a single new byte, before it is given up. */
const triesMax = 6
/** No byte for so long: the connection is dead, and another one is made. */
const stallMs = 30_000
/** Kept free on the disk. */
const reserveBytes = 64 * 1024 * 1024

/**
 * A file over HTTP into `path`, going on where an earlier try, or an earlier process, was cut off (RFC 9110, sections
 * 13.1.5 and 14): only bytes of one version are joined, by a strong ETag or the date of change. Throws StageError
 * `download_failed`, `disk_full`, `folder_unwritable`; rejects with the signal's reason.
 */
export async function download(options: DownloadOptions): Promise<Downloaded> {
  const { path, signal, clock, onNote } = options
  await mkdir(dirname(path), { recursive: true }).catch((cause: unknown) => {
    throw asStageError(cause, path)
  })
  let attempt = 0
  for (let isWhole = false; !isWhole;) {
    const before = (await sizeIfThere(partOf(path))) ?? 0
    try {
      await fetchRest(options, before)
      isWhole = true
    } catch (cause) {
      signal.throwIfAborted()
      const error = asStageError(cause, path)
      if (error instanceof StageError && !error.retryable) throw error
      const hasGrown = ((await sizeIfThere(partOf(path))) ?? 0) > before
      attempt = hasGrown ? 1 : attempt + 1
      if (attempt >= triesMax) throw failed(options, reasonOf(cause), cause)
      onNote(`${reasonOf(cause)}; trying again`)
      const delayMs = backoffDelayMs({ attempt, firstMs: 250, capMs: 15_000, random: 0.5 })
      await sleep(clock, delayMs, signal)
      signal.throwIfAborted()
    }
  }
  return finish(options)
}

async function fetchRest(options: DownloadOptions, have: number): Promise<void> {
  const { url, path, signal, onNote } = options
  const note = have > 0 ? await readPartNote(path, url) : null
  // Bytes that nobody can tell the version of are worth nothing.
  const start = note === null ? 0 : have
  // Whole already, and killed before it got its name.
  if (note !== null && start === note.bytes) return
  const stall = new StallWatch(options.clock)
  try {
    const response = await options.fetch(url, {
      headers: requestHeaders(start, note),
      signal: AbortSignal.any([signal, stall.signal]),
      redirect: 'follow',
    })
    stall.sawBytes()
    const answer = answerOf(response, { start, note })
    if (answer.kind === 'refused') {
      await response.body?.cancel()
      if (answer.mustRestart) await forget(path)
      const retryable = answer.mustRestart || response.status >= 500 || response.status === 429
      throw new StageError('download_failed', `${url}: ${answer.why}`, { retryable })
    }
    if (answer.restartedBecause !== null) onNote(`from the beginning: ${answer.restartedBecause}`)
    await take(options, response, answer, stall)
  } finally {
    stall[Symbol.dispose]()
  }
}

async function take(
  options: DownloadOptions,
  response: Response,
  answer: Extract<Answer, { kind: 'bytes' }>,
  stall: StallWatch,
): Promise<void> {
  const { path, url, onProgress } = options
  const part = partOf(path)
  const { from, total, validator } = answer
  await checkDisk(options, total === null ? 0 : total - from)
  // The note goes first: a part without one is thrown away, never joined to another version.
  if (from === 0) await rm(part, { force: true })
  else await truncate(part, from)
  await writePartNote(path, { url, validator, bytes: total, etag: response.headers.get('etag') })
  let done = from
  const body = response.body
  if (body === null) throw failed(options, 'the answer has no body')
  // Not through a write stream: that one drops what it holds when the connection is cut.
  await using file = await open(part, 'a')
  for await (const chunk of body) {
    stall.sawBytes()
    await file.appendFile(chunk)
    done += chunk.length
    onProgress(done, total)
  }
  if (total !== null && done !== total)
    throw new StageError('download_failed', `cut off at ${done} of ${total} bytes`, {
      retryable: true,
    })
}

async function finish({ path, url, signal, check }: DownloadOptions): Promise<Downloaded> {
  const part = partOf(path)
  const note = await readPartNote(path, url)
  const sha256 = await sha256OfFile(part, signal)
  const bytes = (await sizeIfThere(part)) ?? 0
  const found = { bytes, sha256, etag: note?.etag ?? null }
  try {
    await check(part, found)
  } catch (error) {
    // Going on from wrong bytes would end in them again.
    if (!signal.aborted) await forget(path)
    throw error
  }
  await rename(part, path)
  await rm(`${part}.json`, { force: true })
  return found
}

async function checkDisk({ path, freeBytes }: DownloadOptions, missing: number): Promise<void> {
  const free = await freeBytes(dirname(path))
  if (free >= missing + reserveBytes) return
  const megabytes = (bytes: number): string => `${Math.ceil(bytes / 1e6)} MB`
  throw new StageError(
    'disk_full',
    `${dirname(path)} has ${megabytes(free)} free, and ${megabytes(missing + reserveBytes)} are needed`,
  )
}

async function forget(path: string): Promise<void> {
  await rm(partOf(path), { force: true })
  await rm(`${partOf(path)}.json`, { force: true })
}

/** Aborts what waits for bytes that do not come. */
class StallWatch implements Disposable {
  readonly #abort = new AbortController()
  readonly #clock: Clock
  readonly #timer: Disposable
  #sawAtMs: number

  constructor(clock: Clock) {
    this.#clock = clock
    this.#sawAtMs = clock.nowMs()
    this.#timer = clock.every(1000, () => {
      if (clock.nowMs() - this.#sawAtMs > stallMs)
        this.#abort.abort(
          new StageError('download_failed', `no byte within ${stallMs / 1000} s`, {
            retryable: true,
          }),
        )
    })
  }

  get signal(): AbortSignal {
    return this.#abort.signal
  }

  sawBytes(): void {
    this.#sawAtMs = this.#clock.nowMs()
  }

  [Symbol.dispose](): void {
    this.#timer[Symbol.dispose]()
  }
}

export function partOf(path: string): string {
  return `${path}${partSuffix}`
}

/** fetch hides the reason in `cause`. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const isHidden = !(error instanceof StageError) && error.cause instanceof Error
  return isHidden ? messageOf(error.cause) : error.message
}

function failed({ url }: DownloadOptions, why: string, cause?: unknown): StageError {
  return new StageError('download_failed', `cannot fetch ${url}: ${why}; run it again to go on`, {
    retryable: true,
    cause,
  })
}
