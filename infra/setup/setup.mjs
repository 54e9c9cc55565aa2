import { dirname, join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'
import { chromium } from './chromium.mjs'
import { client } from './client.mjs'
import { makeContext } from './context.mjs'
import { demoClip } from './demo-clip.mjs'
import { ffmpeg } from './ffmpeg.mjs'
import { withLock } from './lock.mjs'
import { mediasoupWorker } from './mediasoup-worker.mjs'
import { model } from './model.mjs'
import { nodePackages } from './node-packages.mjs'
import { photo } from './photo.mjs'
import { pythonEnvironment, pythonGroups } from './python-environment.mjs'
import { Interrupted, messageOf, SetUpError } from './set-up-error.mjs'
import { runSteps, seconds } from './step-runner.mjs'
import { isAtLeast, parseVersion } from './version.mjs'

/**
 * What `npm start` and `npm test` run first. Plain JavaScript without packages, because it runs on the system's Node
 * before anything is installed. Exit codes: 0 ready; 1 something is missing (`--check`) or a bug; 2 something that a
 * person can put right; 130 interrupted.
 */

/** @import { Context } from './context.mjs' */

const usage = `usage: setup.mjs --for start|test|${pythonGroups.map((group) => `python:${group}`).join('|')} [--check]`
const makeMode = /** @type {const} */ ('make')
const checkMode = /** @type {const} */ ('check')
const leastNode = [20]
/** Those of pipeline/requirements.*.txt that tests use. */
const groupsOfTests = /** @type {const} */ (['eval', 'notebook'])
const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')

/** @param {string} line */
function print(line) {
  process.stdout.write(`set-up: ${line}\n`)
}

/**
 * @param {Context} context
 * @param {string} purpose
 */
function stepsFor(context, purpose) {
  const group = pythonGroups.find((each) => purpose === `python:${each}`)
  if (group !== undefined) return [pythonEnvironment(context, group)]
  const isForTests = purpose === 'test'
  // Elsewhere the tests that need Python say that they were left out: whoever works on the server can do without.
  const isCi = isForTests && context.env['CI'] === 'true'
  return [
    nodePackages(context),
    ffmpeg(context),
    mediasoupWorker(context),
    model(context),
    photo(context),
    demoClip(context),
    client(context),
    ...(isForTests ? [chromium(context)] : []),
    ...(isCi ? groupsOfTests.map((each) => pythonEnvironment(context, each)) : []),
  ]
}

/**
 * @param {readonly string[]} args
 * @returns {Promise<number>} The exit code.
 */
async function main(args) {
  const options = readArguments(args)
  if (!isAtLeast(parseVersion(process.versions.node) ?? [], leastNode))
    throw new SetUpError(`Node ${process.versions.node} is too old: Node 20 or newer is needed`)
  const context = makeContext({ root, env: process.env, print })
  const interrupt = () => context.children.interrupt()
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']))
    process.on(signal, interrupt)
  const steps = stepsFor(context, options.purpose)
  const lockPath = join(context.data, 'setup', 'lock')
  const run = () => runSteps(steps, { mode: options.mode, print, nowMs: () => performance.now() })
  const result =
    options.mode === 'check'
      ? await run()
      : await withLock(lockPath, {
          signal: context.children.signal,
          onWait: (pid) => print(`another set-up, process ${pid}, is under way; waiting for it`),
          use: run,
        })
  sayWhatToDo(result.problems)
  print(
    `${result.problems.length + result.missing.length === 0 ? 'ready' : 'not ready'}  ${seconds(performance.now())}`,
  )
  if (result.problems.length > 0) return 2
  return result.missing.length > 0 ? 1 : 0
}

/** @param {readonly string[]} args */
function readArguments(args) {
  const [flag, purpose, ...rest] = args
  const purposes = ['start', 'test', ...pythonGroups.map((group) => `python:${group}`)]
  const isKnown = flag === '--for' && purposes.includes(purpose ?? '')
  if (!isKnown || rest.length > 1 || (rest[0] ?? '--check') !== '--check')
    throw new SetUpError(usage)
  return {
    purpose: purpose ?? '',
    mode: rest.length === 0 ? makeMode : checkMode,
  }
}

/** @param {readonly SetUpError[]} problems */
function sayWhatToDo(problems) {
  const packages = [...new Set(problems.flatMap(({ debianPackages }) => debianPackages))]
  if (packages.length > 0)
    print(`on Debian or Ubuntu: sudo apt-get install --no-install-recommends ${packages.join(' ')}`)
}

/**
 * @param {unknown} error
 * @returns {number}
 */
function exitCodeOf(error) {
  if (error instanceof Interrupted) {
    print('interrupted; the next run goes on from here')
    return 130
  }
  if (error instanceof SetUpError) {
    print(messageOf(error))
    return 2
  }
  print(error instanceof Error ? (error.stack ?? error.message) : String(error))
  return 1
}

process.exitCode = await main(process.argv.slice(2)).catch(exitCodeOf)
