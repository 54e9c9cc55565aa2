import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { nodeOf } from './context.mjs'
import { reasonOf } from './npm-reason.mjs'
import { disagreementOf, readLock } from './package-lock.mjs'
import { SetUpError } from './set-up-error.mjs'
import { isAtLeast, parseVersion } from './version.mjs'

/** @import { Context } from './context.mjs' */
/** @import { Step } from './step-runner.mjs' */

const installLimitMs = 15 * 60_000
/** `using` came with 24.0; 24.2 is the first whose type stripping needs no flag and prints no warning. */
const leastNode = [24, 2]

/**
 * What package-lock.json asks for, in node_modules. Install scripts never run: each of those that there are either
 * downloads something that another step looks after, or does nothing of use.
 * @param {Context} context
 * @returns {Step}
 */
export function nodePackages(context) {
  return {
    name: 'Node packages',
    async check() {
      return disagreement(context) === null ? await description(context) : null
    },
    async make() {
      context.note('Node packages: npm ci')
      await npmCi(context)
      const reason = disagreement(context)
      if (reason !== null) throw new SetUpError(`npm ci left node_modules incomplete: ${reason}`)
      return await description(context)
    },
  }
}

/** @param {Context} context */
function disagreement({ root }) {
  const lock = readLock(join(root, 'package-lock.json'))
  if (lock === null) throw new SetUpError(`${root} has no readable package-lock.json`)
  // npm writes this one last, so that an interrupted install has none.
  const installed = readLock(join(root, 'node_modules', '.package-lock.json'))
  if (installed === null) return 'nothing is installed'
  const { platform: os, arch: cpu } = process
  return disagreementOf(lock, installed, { os, cpu, libc: libc() })
}

/** @param {Context} context */
async function description(context) {
  const node = nodeOf(context)
  if (node !== process.execPath) return 'Node packages as in package-lock.json'
  if (isAtLeast(parseVersion(process.versions.node) ?? [], leastNode))
    return `Node packages as in package-lock.json, on Node ${process.versions.node}`
  throw new SetUpError(
    `Node ${process.versions.node} is too old: npm has no Node 24 for ${process.platform} ${process.arch}, ` +
      `so Node ${leastNode.join('.')} or newer must be installed`,
  )
}

/** @param {Context} context */
async function npmCi({ children, env, root }) {
  const flags = [
    '--ignore-scripts',
    '--include=dev',
    '--include=optional',
    '--prefer-offline',
    '--no-audit',
    '--no-fund',
    '--engine-strict=false',
    '--loglevel=error',
    // npm's own pauses, 10 and 60 s, are for servers; a person without network wants to know.
    '--fetch-retries=3',
    '--fetch-retry-factor=2',
    '--fetch-retry-mintimeout=1000',
    '--fetch-retry-maxtimeout=8000',
  ]
  const { code, stdout, stderr } = await children.run('npm', ['ci', ...flags], {
    cwd: root,
    // For an npm that runs the scripts all the same: each of these makes one of them do nothing.
    env: { ...env, MEDIASOUP_WORKER_BIN: 'skip', ONNXRUNTIME_NODE_INSTALL: 'skip' },
    timeoutMs: installLimitMs,
  })
  if (code !== 0) throw new SetUpError(reasonOf(code, stderr + stdout))
}

/** Packages of native code name theirs; a musl system has its loader in /lib. */
function libc() {
  if (process.platform !== 'linux') return null
  const isMusl =
    existsSync('/lib') && readdirSync('/lib').some((name) => name.startsWith('ld-musl'))
  return isMusl ? 'musl' : 'glibc'
}
