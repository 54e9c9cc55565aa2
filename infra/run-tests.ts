import { globSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'
import { parseArgs } from 'node:util'
import { closingLines, isClosingLine, noCounts, sumOf, type TestCounts } from './test-counts.ts'

/** Files of one kind, run before those of the next: a broken part is seen before the whole that fails with it. */
interface Phase {
  readonly name: string
  readonly patterns: readonly string[]
  readonly except: readonly string[]
  /** Test files at a time, each a process. */
  readonly concurrency: number
}

const phases: readonly Phase[] = [
  {
    name: 'unit',
    patterns: ['**/*.test.ts'],
    except: ['**/*.integration.test.ts'],
    // One a core of the smallest machine that this is to pass on.
    concurrency: 2,
  },
  // Real decoders, models and browsers: side by side they would measure each other.
  { name: 'integration', patterns: ['**/*.integration.test.ts'], except: [], concurrency: 1 },
  { name: 'end to end', patterns: ['e2e/**/*.e2e.ts'], except: [], concurrency: 1 },
]
const neverTests = ['node_modules/**', '**/node_modules/**', 'data/**', 'client/dist/**']

const testLimitMs = 120_000
/** A test process that never ends, for something in it was left open, must not hold up a build for ever. */
const totalLimitMs = 25 * 60_000

interface Options {
  /** Parts of paths; none means all. */
  readonly filters: readonly string[]
  readonly namePatterns: readonly string[]
}

async function main(): Promise<number> {
  const options = readArguments()
  process.env['ORT_DISABLE_TELEMETRY'] = '1'
  process.env['SIGHTLINE_CHROMIUM'] ??= chosenBrowser()
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())
  const limit = setTimeout(() => stop.abort(), totalLimitMs)
  const startedAtMs = performance.now()
  let counts = noCounts
  let isStopped = false
  for (const phase of phases) {
    const files = filesOf(phase, options.filters)
    if (files.length === 0 || isStopped) continue
    console.log(`\n${phase.name}: ${files.length} files`)
    counts = sumOf(counts, await runPhase(phase, files, options, stop.signal))
    isStopped = stop.signal.aborted
  }
  clearTimeout(limit)
  if (counts.files === 0) {
    console.error(`run-tests: no test file has ${options.filters.join(' or ')} in its path`)
    return 2
  }
  if (isStopped) console.error('run-tests: stopped before the end')
  console.log(closingLines(counts, performance.now() - startedAtMs))
  return isStopped || counts.failed + counts.cancelled > 0 || !counts.isSuccess ? 1 : 0
}

function runPhase(
  phase: Phase,
  files: readonly string[],
  { namePatterns }: Options,
  signal: AbortSignal,
): Promise<TestCounts> {
  const events = run({
    files: [...files],
    concurrency: phase.concurrency,
    timeout: testLimitMs,
    signal,
    ...(namePatterns.length > 0 && { testNamePatterns: [...namePatterns] }),
  })
  const open = new Set(files)
  let counts: TestCounts = { ...noCounts, files: files.length }
  events.on('test:summary', (summary) => {
    if (summary.file === undefined)
      // @types/node has forgotten `failed`.
      counts = { ...noCounts, ...summary.counts, files: files.length, isSuccess: summary.success }
    else open.delete(summary.file)
  })
  return new Promise((resolveCounts, reject) => {
    const lines = events.compose<NodeJS.ReadWriteStream>(spec)
    lines.on('data', (chunk: Buffer | string) => {
      const text = chunk.toString()
      if (!isClosingLine(text)) process.stdout.write(text)
    })
    lines.once('error', reject)
    lines.once('end', () => {
      if (signal.aborted && open.size > 0)
        console.error(`run-tests: not ended: ${[...open].join(', ')}`)
      resolveCounts(counts)
    })
  })
}

function filesOf({ patterns, except }: Phase, filters: readonly string[]): readonly string[] {
  const found = globSync([...patterns], { exclude: [...neverTests, ...except] })
  const isWanted = (path: string): boolean =>
    filters.length === 0 || filters.some((filter) => path.includes(filter))
  return found
    .filter(isWanted)
    .sort()
    .map((path) => resolve(path))
}

/** The set-up has seen this one play H.264; another on PATH may not. */
function chosenBrowser(): string {
  try {
    const data = process.env['SIGHTLINE_DATA'] ?? 'data'
    return readFileSync(join(data, 'bin', 'chromium-path'), 'utf8').trim()
  } catch {
    // Run without the set-up: the tests look for a browser themselves.
    return ''
  }
}

function readArguments(): Options {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { 'test-name-pattern': { type: 'string', multiple: true, default: [] } },
  })
  return { filters: positionals, namePatterns: values['test-name-pattern'] }
}

process.exitCode = await main()
