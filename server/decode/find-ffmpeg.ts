import { execFile } from 'node:child_process'
import { access, constants } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { delimiter, join, resolve } from 'node:path'
import { messageOf } from '#std/coded-error.ts'
import { FfmpegError } from './ffmpeg-error.ts'
import { type FfmpegVersion, isTooOld, parseFfmpegVersion } from './ffmpeg-version.ts'

export interface FoundFfmpeg {
  /** Absolute. */
  readonly path: string
  readonly version: FfmpegVersion
  readonly foundBy: 'configured' | 'path' | 'ffmpeg-static'
}

export interface FindFfmpegOptions {
  /** The operator's choice: it or an error. */
  readonly configuredPath: string | null
  /** The value of `PATH`. */
  readonly searchPath: string
  /** Where the optional package's program would be; looked up when absent. */
  readonly staticPath?: string | null
}

interface Candidate {
  readonly path: string
  readonly foundBy: FoundFfmpeg['foundBy']
}

/**
 * The first FFmpeg from 5.1 on: the configured one, those on PATH, the one of the package `ffmpeg-static`. Rejects
 * with FfmpegError; whether it decodes as needed is for `probeFfmpeg`.
 */
export async function findFfmpeg(options: FindFfmpegOptions): Promise<FoundFfmpeg> {
  const refusals: FfmpegError[] = []
  for (const candidate of candidatesOf(options)) {
    const result = await examine(candidate)
    if (!(result instanceof FfmpegError)) return result
    refusals.push(result)
  }
  const tooOld = refusals.find(({ code }) => code === 'ffmpeg_too_old')
  if (tooOld !== undefined) throw tooOld
  if (options.configuredPath !== null && refusals[0] !== undefined) throw refusals[0]
  const advice = 'install FFmpeg 5.1 or newer, or name it in SIGHTLINE_FFMPEG'
  const seen = refusals
    .filter((refusal) => refusal.cause !== notThere)
    .map(({ message }) => message)
  throw new FfmpegError('ffmpeg_missing', ['no ffmpeg found', ...seen, advice].join('; '))
}

function candidatesOf(options: FindFfmpegOptions): Candidate[] {
  if (options.configuredPath !== null)
    return [{ path: resolve(options.configuredPath), foundBy: 'configured' }]
  const directories = options.searchPath.split(delimiter).filter((name) => name !== '')
  const candidates: Candidate[] = directories.map((name) => ({
    path: resolve(join(name, programName)),
    foundBy: 'path',
  }))
  const staticPath = options.staticPath === undefined ? staticFfmpegPath() : options.staticPath
  if (staticPath !== null) candidates.push({ path: staticPath, foundBy: 'ffmpeg-static' })
  return candidates
}

const programName = process.platform === 'win32' ? 'ffmpeg.exe' : 'ffmpeg'

/** What the optional package exports; the file is there only if its install script was allowed to fetch it. */
function staticFfmpegPath(): string | null {
  try {
    const path: unknown = createRequire(import.meta.url)('ffmpeg-static')
    return typeof path === 'string' ? path : null
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'MODULE_NOT_FOUND') return null
    throw error
  }
}

/** Marks a refusal that tells nobody anything: most directories of PATH hold no ffmpeg. */
const notThere = Symbol('not there')

async function examine({ path, foundBy }: Candidate): Promise<FoundFfmpeg | FfmpegError> {
  try {
    await access(path, constants.X_OK)
  } catch (error) {
    const isAbsent = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    const reason = isAbsent ? 'there is no such file' : messageOf(error)
    const cause = isAbsent ? notThere : error
    return new FfmpegError('ffmpeg_missing', `${path} cannot be run: ${reason}`, { cause })
  }
  const output = await versionOutput(path)
  if (output instanceof FfmpegError) return output
  const version = parseFfmpegVersion(output)
  if (version === null) return new FfmpegError('ffmpeg_missing', `${path} is not FFmpeg`)
  if (isTooOld(version))
    return new FfmpegError('ffmpeg_too_old', `${path} is FFmpeg ${version.text}; 5.1 is needed`)
  return { path, version, foundBy }
}

/** A cold start from a slow disk of a static build took 1.2 s. */
const versionTimeoutMs = 10_000

/** Other architectures, missing libraries and mounts without execution all show here. */
function versionOutput(path: string): Promise<string | FfmpegError> {
  const options = {
    timeout: versionTimeoutMs,
    maxBuffer: 64 * 1024,
    env: {},
    windowsHide: true,
  } as const
  return new Promise((done) => {
    execFile(path, ['-hide_banner', '-version'], options, (error, stdout) => {
      if (error === null) return done(stdout)
      const message = messageOf(error).split('\n')[0] ?? ''
      done(new FfmpegError('ffmpeg_missing', `${path} cannot be run: ${message}`, { cause: error }))
    })
  })
}
