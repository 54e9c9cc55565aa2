// The one front door of the pipeline: npm run pipeline -- STAGE. Exit codes: 0 done, 1 a gate failed (or a bug, with
// its stack), 2 bad input or usage, 130 interrupted.
import { createInterface } from 'node:readline/promises'
import { loadConfig } from '#config/load.ts'
import { systemClock } from '#std/clock.ts'
import { CodedError } from '#std/coded-error.ts'
import { redactSecrets } from '#std/redact.ts'
import type { StageArguments } from './stage-arguments.ts'
import { listHelp, parseStageArguments, stageHelp } from './stage-usage.ts'
import type { Stage } from './stage.ts'
import { loadStage, stageSummaries } from './stages.ts'
import { terminalProgress } from './terminal-progress.ts'

const interrupted = new AbortController()

async function main(typed: readonly string[]): Promise<number> {
  const [name, ...rest] = typed
  if (name === undefined || name === '--help' || name === '-h') {
    const help = listHelp(await stageSummaries())
    if (name === undefined) process.stderr.write(`${help}\n`)
    else await writeOut(help)
    return name === undefined ? 2 : 0
  }
  const stage = await loadStage(name)
  const given = parseStageArguments(stage, rest)
  if (given.isSet('help')) {
    await writeOut(stageHelp(stage))
    return 0
  }
  return run(stage, given)
}

async function run(stage: Stage, given: StageArguments): Promise<number> {
  const { dataDir, ffmpegPath, searchPath } = loadConfig()
  const progress = terminalProgress({
    stream: process.stderr,
    clock: systemClock,
    verbosity: given.isSet('quiet') ? 'quiet' : 'normal',
  })
  try {
    const { verdict, document, lines } = await stage.run({
      arguments: given,
      dataDir,
      ffmpegPath,
      searchPath,
      clock: systemClock,
      signal: interrupted.signal,
      progress,
      confirm: (question) => (given.isSet('yes') ? Promise.resolve(true) : ask(question)),
      writeLine: writeOut,
    })
    progress.end()
    if (!given.isSet('json')) for (const line of lines) await writeOut(line)
    else if (document !== null) await writeOut(JSON.stringify(document, null, 2))
    return verdict === 'done' ? 0 : 1
  } finally {
    progress.end()
  }
}

function writeOut(line: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(`${line}\n`, (error) => (error ? reject(error) : resolve()))
  })
}

/** Asked on stderr: stdout may be a file that wants JSON. */
async function ask(question: string): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return false
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const { signal } = interrupted
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `, { signal })).trim())
  } finally {
    terminal.close()
  }
}

function exitCodeOf(error: unknown): number {
  if (interrupted.signal.aborted) {
    process.stderr.write('pipeline: interrupted; the same command goes on from here\n')
    return 130
  }
  // Whoever read our output has seen enough: `| head`.
  if (error instanceof Error && 'code' in error && error.code === 'EPIPE') return 0
  if (error instanceof CodedError) {
    process.stderr.write(redactSecrets(`pipeline: ${error.message} (${error.code})\n`))
    return 2
  }
  process.stderr.write(
    `${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  )
  return 1
}

for (const name of ['SIGINT', 'SIGTERM'] as const)
  process.on(name, () => {
    if (interrupted.signal.aborted) process.exit(130)
    interrupted.abort(new Error('interrupted'))
  })
process.stdout.on('error', () => {})

process.exitCode = await main(process.argv.slice(2)).catch(exitCodeOf)
