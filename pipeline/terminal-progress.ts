import type { Clock } from '#std/clock.ts'
import type { Progress } from './stage.ts'

/** What of stderr is used. */
export interface ProgressStream {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

const redrawMs = 100
const lineEveryMs = 10_000
const clearLine = '\r\u001b[2K'

/** Progress on stderr: in place on a terminal, one line every ten seconds elsewhere, warnings only when quiet. */
export function terminalProgress(options: {
  readonly stream: ProgressStream
  readonly clock: Clock
  readonly verbosity: 'normal' | 'quiet'
}): Progress & { end(): void } {
  const { stream, clock } = options
  const isQuiet = options.verbosity === 'quiet'
  const isTerminal = stream.isTTY === true
  let shownAtMs = clock.nowMs() - (isTerminal ? redrawMs : 0)
  let isLineOpen = false
  return { note, warn, step, end: closeLine }

  function note(line: string): void {
    if (!isQuiet) print(line)
  }

  function warn(line: string): void {
    print(`warning: ${line}`)
  }

  function step(what: string, done: number, total: number | null, unit: string): void {
    if (isQuiet) return
    const isLast = done === total
    const dueMs = isTerminal ? redrawMs : lineEveryMs
    if (clock.nowMs() - shownAtMs < dueMs && !(isLast && isTerminal)) return
    shownAtMs = clock.nowMs()
    const text = `${what}: ${amount(done, total, unit)}`
    if (!isTerminal) return print(text)
    stream.write(clearLine + text.slice(0, Math.max(20, (stream.columns ?? 80) - 1)))
    isLineOpen = true
    if (isLast) closeLine()
  }

  function print(line: string): void {
    if (isLineOpen) stream.write(clearLine)
    isLineOpen = false
    stream.write(`${line}\n`)
  }

  function closeLine(): void {
    if (isLineOpen) stream.write('\n')
    isLineOpen = false
  }
}

function amount(done: number, total: number | null, unit: string): string {
  const figure = (value: number): string =>
    Number.isInteger(value) ? String(value) : value.toFixed(1)
  if (total === null || total <= 0) return `${figure(done)} ${unit}`
  const percent = Math.floor((100 * done) / total)
  return `${figure(done)} of ${figure(total)} ${unit}, ${percent} %`
}
