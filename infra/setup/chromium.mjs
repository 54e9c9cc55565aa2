import { join } from 'node:path'
import { inTemporaryFolder, readIfThere, writeAtomically } from './files.mjs'
import { findProgram, identityOf } from './program.mjs'
import { SetUpError } from './set-up-error.mjs'
import { readStamp, writeStamp } from './stamp.mjs'

/** @import { Context } from './context.mjs' */
/** @import { Step } from './step-runner.mjs' */

const namesOnPath = ['google-chrome', 'google-chrome-stable', 'chromium', 'chromium-browser']
/** A cold start on a busy core takes about 10 s. */
const probeLimitMs = 60_000

/**
 * A browser for the tests that plays H.264 over WebRTC, its path in `<data>/bin/chromium-path`. Playwright's own build,
 * for one, has no H.264: every test would wait for a picture in vain.
 * @param {Context} context
 * @returns {Step}
 */
export function chromium(context) {
  const pathFile = join(context.data, 'bin', 'chromium-path')
  const stampPath = join(context.data, 'setup', 'chromium.json')
  const describe = (/** @type {string} */ path) => `browser for tests at ${path}`

  /** @param {string} path */
  async function accept(path) {
    if (!(await playsH264(context, path))) return false
    writeAtomically(pathFile, `${path}\n`)
    writeStamp(stampPath, { identity: identityOf(path) })
    return true
  }

  return {
    name: 'browser',
    async check() {
      const chosen = readIfThere(pathFile)?.toString().trim()
      if (chosen === undefined || !candidates(context).includes(chosen)) return null
      return readStamp(stampPath)['identity'] === identityOf(chosen) ? describe(chosen) : null
    },
    async make() {
      for (const path of candidates(context)) if (await accept(path)) return describe(path)
      if (isDebian() && !isNamed(context)) {
        await context.apt.install(['chromium'], 'the tests in a browser')
        const path = findProgram('chromium', context.env)
        if (path !== null && (await accept(path))) return describe(path)
      }
      throw new SetUpError(refusal(candidates(context)))
    },
  }
}

/** @param {Context} context */
function isNamed({ env }) {
  return (env['SIGHTLINE_CHROMIUM'] ?? '') !== ''
}

/**
 * @param {Context} context
 * @returns {readonly string[]}
 */
function candidates(context) {
  const named = context.env['SIGHTLINE_CHROMIUM'] ?? ''
  if (named === '') return namesOnPath.flatMap((name) => findProgram(name, context.env) ?? [])
  const path = findProgram(named, context.env)
  if (path !== null) return [path]
  throw new SetUpError(`SIGHTLINE_CHROMIUM names ${named}, which is not an executable file`)
}

/** @param {readonly string[]} refused */
function refusal(refused) {
  const cure = "install Chrome or Debian's Chromium, or set SIGHTLINE_CHROMIUM to its path"
  if (refused.length === 0) return `no browser for the tests: ${cure}`
  return `${refused.join(' and ')} cannot play H.264 over WebRTC: ${cure}`
}

/** Ubuntu's package is a stub that needs snapd. */
function isDebian() {
  return /^ID=debian$/m.test(readIfThere('/etc/os-release')?.toString() ?? '')
}

/**
 * @param {Context} context
 * @param {string} path
 * @returns {Promise<boolean>}
 */
function playsH264({ children, env }, path) {
  const script =
    'document.body.textContent=RTCRtpReceiver.getCapabilities("video").codecs.map((c)=>c.mimeType)'
  return inTemporaryFolder(async (folder) => {
    const flags = [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--no-first-run',
      '--disable-sync',
    ]
    const quiet = ['--disable-background-networking', '--disable-component-update']
    const page = `data:text/html,<body><script>${script}</script>`
    const { stdout } = await children.run(
      path,
      [...flags, ...quiet, `--user-data-dir=${folder}`, '--dump-dom', page],
      { env, timeoutMs: probeLimitMs },
    )
    return /video\/H264/i.test(stdout)
  })
}
