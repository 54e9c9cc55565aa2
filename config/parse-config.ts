import { isMap, isSeq, LineCounter, parseDocument, type Document } from 'yaml'
import type { z } from 'zod'
import { ConfigError } from './config-error.ts'
import { configFileSchema, type ConfigFile } from './schema.ts'

/** YAML text -> checked values with defaults. Throws ConfigError `config_invalid` with file, line and key. */
export function parseConfig(text: string, fileName: string): ConfigFile {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true })
  const syntax = document.errors[0]
  if (syntax !== undefined) {
    const sentence = syntax.message.split('\n')[0]?.replace(/ at line \d+, column \d+:?$/, '') ?? ''
    throw invalid(`${fileName}:${lines.linePos(syntax.pos[0]).line}: ${sentence}`)
  }
  const value: unknown = document.toJS() ?? {}
  const result = configFileSchema.safeParse(value)
  if (!result.success) throw invalid(firstSentence(result.error, document, lines, fileName))
  const seen = new Set<string>()
  for (const [index, camera] of result.data.cameras.entries()) {
    if (seen.has(camera.id)) {
      const line = lineOf(document, lines, ['cameras', index, 'id'])
      throw invalid(`${fileName}:${line}: cameras.${index}.id: “${camera.id}” is there twice`)
    }
    seen.add(camera.id)
  }
  return result.data
}

function firstSentence(
  error: z.ZodError,
  document: Document,
  lines: LineCounter,
  fileName: string,
): string {
  const issue = error.issues[0]
  if (issue === undefined) return `${fileName}: invalid`
  const unknownKey = issue.code === 'unrecognized_keys' ? issue.keys[0] : undefined
  const path = unknownKey === undefined ? issue.path : [...issue.path, unknownKey]
  const sentence =
    unknownKey === undefined ? issue.message : 'unknown key; see config/sightline.example.yaml'
  return `${fileName}:${lineOf(document, lines, path)}: ${path.join('.')}: ${sentence}`
}

/** The line of the deepest node on `path` that the file has; for a key, that of the key itself. */
function lineOf(document: Document, lines: LineCounter, path: readonly PropertyKey[]): number {
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
