import { readFile } from 'node:fs/promises'
import { messageOf } from '#std/coded-error.ts'
import { PrepareError } from './prepare-error.ts'

/** Names, and where the network has numbers of its own for them, those. */
export interface ClassNames {
  readonly names: readonly string[]
  readonly ids: readonly number[] | null
}

/** COCO's category ids of its 80 classes (instances_val2017.json): 1 to 90, ten of them never used. */
const unusedCocoIds = new Set([12, 26, 29, 30, 45, 66, 68, 69, 71, 83])
export const cocoIds: readonly number[] = Array.from({ length: 90 }, (_, i) => i + 1).filter(
  (id) => !unusedCocoIds.has(id),
)

/** `coco80`, `coco91` (the network counts by COCO's own ids), or a text file with a name a line. */
export async function readClassNames(
  asked: string,
  coco80: readonly string[],
): Promise<ClassNames> {
  if (asked === 'coco80') return { names: coco80, ids: null }
  if (asked === 'coco91') return { names: coco80, ids: cocoIds }
  try {
    const lines = (await readFile(asked, 'utf8')).split(/\r?\n/).map((line) => line.trim())
    const names = lines.filter((line) => line !== '')
    if (names.length > 0) return { names, ids: null }
  } catch (cause) {
    throw new PrepareError(
      'classes_doubtful',
      `--classes ${asked} is neither coco80 nor coco91 nor a file that can be read: ${messageOf(cause)}`,
      { cause },
    )
  }
  throw new PrepareError('classes_doubtful', `--classes ${asked}: the file holds no name`)
}

/**
 * `names` of an ONNX file's metadata: `{0: 'person', 1: "potter's wheel"}` as Python prints a dict, or JSON (a list or
 * an object). null where it is neither, or has gaps.
 */
export function parseClassNames(text: string): readonly string[] | null {
  return namesOfJson(text) ?? namesOfPythonDict(text)
}

function namesOfJson(text: string): readonly string[] | null {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null) return null
    return inOrder(Object.entries(value).map(([key, name]) => [Number(key), String(name)]))
  } catch {
    // Python's quotes are no JSON: the other reader's.
    return null
  }
}

function namesOfPythonDict(text: string): readonly string[] | null {
  const inner = /^\s*\{(.*)\}\s*$/s.exec(text)?.[1]
  if (inner === undefined) return null
  const entry = /\s*(\d+)\s*:\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")\s*(?:,|$)/gy
  const found: [number, string][] = []
  let end = 0
  for (const match of inner.matchAll(entry)) {
    const name = match[2] ?? match[3] ?? ''
    found.push([Number(match[1]), name.replaceAll(/\\(.)/g, '$1')])
    end = match.index + match[0].length
  }
  return inner.slice(end).trim() === '' ? inOrder(found) : null
}

/** 0, 1, 2 .. without gaps; null else. */
function inOrder(entries: readonly (readonly [number, string])[]): readonly string[] | null {
  const names = new Map(entries)
  if (names.size === 0 || names.size !== entries.length) return null
  const ordered = Array.from(entries, (_, index) => names.get(index) ?? '')
  return ordered.every((name) => name.trim() !== '') ? ordered : null
}
