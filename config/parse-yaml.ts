import { isMap, isSeq, LineCounter, parseDocument, type Document } from 'yaml'
import type { z } from 'zod'
import { ConfigError } from './config-error.ts'

export interface ParsedYaml<Value> {
  readonly value: Value
  /** The line, from 1, of the deepest node on the path that the file has; for a key, that of the key itself. */
  readonly lineOf: (path: readonly PropertyKey[]) => number
}

/** YAML text -> checked values with defaults. Throws ConfigError `config_invalid` with file, line and key. */
export function parseYaml<Schema extends z.ZodType>(
  text: string,
  options: {
    readonly fileName: string
    readonly schema: Schema
    /** What an unknown key's sentence ends with. */
    readonly unknownKeyHint?: string
  },
): ParsedYaml<z.infer<Schema>> {
  const { fileName, schema } = options
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true })
  const syntax = document.errors[0]
  if (syntax !== undefined) {
    const sentence = syntax.message.split('\n')[0]?.replace(/ at line \d+, column \d+:?$/, '') ?? ''
    throw invalid(`${fileName}:${lines.linePos(syntax.pos[0]).line}: ${sentence}`)
  }
  const value: unknown = document.toJS() ?? {}
  const result = schema.safeParse(value)
  const lineOf = (path: readonly PropertyKey[]): number => lineIn(document, lines, path)
  if (result.success) return { value: result.data, lineOf }
  const [path, sentence] = firstIssue(result.error, options.unknownKeyHint)
  throw invalid(`${fileName}:${lineOf(path)}: ${path.join('.')}: ${sentence}`)
}

function firstIssue(
  error: z.ZodError,
  hint: string | undefined,
): readonly [path: readonly PropertyKey[], sentence: string] {
  const issue = error.issues[0]
  if (issue === undefined) return [[], 'invalid']
  const unknownKey = issue.code === 'unrecognized_keys' ? issue.keys[0] : undefined
  if (unknownKey === undefined) return [issue.path, issue.message]
  return [[...issue.path, unknownKey], hint === undefined ? 'unknown key' : `unknown key; ${hint}`]
}

function lineIn(document: Document, lines: LineCounter, path: readonly PropertyKey[]): number {
  let node: unknown = document.contents
  let offset = 0
  for (const step of path) {
    let next: unknown
    if (isMap(node)) {
      const pair = node.items.find((item) => String(item.key) === String(step))
      offset = rangeStart(pair?.key) ?? offset
      next = pair?.value
    } else if (isSeq(node)) {
      next = node.items[Number(step)]
      offset = rangeStart(next) ?? offset
    }
    if (next === undefined) break
    node = next
  }
  return lines.linePos(offset).line
}

function rangeStart(node: unknown): number | undefined {
  if (typeof node !== 'object' || node === null || !('range' in node)) return undefined
  const range: unknown = node.range
  return Array.isArray(range) && typeof range[0] === 'number' ? range[0] : undefined
}

function invalid(message: string): ConfigError {
  return new ConfigError('config_invalid', message)
}
