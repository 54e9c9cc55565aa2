import type { Readable } from 'node:stream'

/** A program that never ends its line must not grow in our memory. */
const lineLengthMax = 16_384

/** Calls `onLine` for each line of a program's output, cut at 16,384 characters. */
export function readLines(output: Readable, onLine: (line: string) => void): void {
  let rest = ''
  output.setEncoding('utf8')
  output.on('data', (chunk: string) => {
    const [first = '', ...lines] = chunk.split('\n')
    rest += first.slice(0, lineLengthMax - rest.length)
    for (const line of lines) {
      onLine(rest)
      rest = line.slice(0, lineLengthMax)
    }
  })
  output.on('end', () => {
    if (rest !== '') onLine(rest)
  })
}
