import { stripVTControlCharacters } from 'node:util'

/** The counts of one or more runs of node's test runner. */
export interface TestCounts {
  readonly files: number
  readonly tests: number
  readonly suites: number
  readonly passed: number
  readonly failed: number
  readonly cancelled: number
  readonly skipped: number
  readonly todo: number
  /** False also where a file failed outside of any test. */
  readonly isSuccess: boolean
}

export const noCounts: TestCounts = {
  files: 0,
  tests: 0,
  suites: 0,
  passed: 0,
  failed: 0,
  cancelled: 0,
  skipped: 0,
  todo: 0,
  isSuccess: true,
}

export function sumOf(one: TestCounts, other: TestCounts): TestCounts {
  return {
    files: one.files + other.files,
    tests: one.tests + other.tests,
    suites: one.suites + other.suites,
    passed: one.passed + other.passed,
    failed: one.failed + other.failed,
    cancelled: one.cancelled + other.cancelled,
    skipped: one.skipped + other.skipped,
    todo: one.todo + other.todo,
    isSuccess: one.isSuccess && other.isSuccess,
  }
}

/** What node's test runner prints last, in its TAP spelling, which programs that read test output look for. */
export function closingLines(counts: TestCounts, durationMs: number): string {
  return [
    `# tests ${counts.tests}`,
    `# suites ${counts.suites}`,
    `# pass ${counts.passed}`,
    `# fail ${counts.failed}`,
    `# cancelled ${counts.cancelled}`,
    `# skipped ${counts.skipped}`,
    `# todo ${counts.todo}`,
    `# duration_ms ${durationMs.toFixed(3)}`,
  ].join('\n')
}

/** Whether the spec reporter says here what `closingLines` says of all runs together. */
export function isClosingLine(text: string): boolean {
  // The reporter colours its sign where it writes to a terminal.
  const plain = stripVTControlCharacters(text)
  return /^ℹ (tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) [\d.]+\n$/.test(plain)
}
