export interface XmlElement {
  readonly name: string
  /** Text directly in it, trimmed, entities resolved. */
  readonly text: string
  readonly children: readonly XmlElement[]
  /** Of its start tag, from 1. */
  readonly line: number
}

interface OpenElement {
  readonly name: string
  text: string
  readonly children: XmlElement[]
  readonly line: number
}

const tokens =
  /<!--[\s\S]*?-->|<\?[\s\S]*?\?>|<!\[CDATA\[([\s\S]*?)\]\]>|<(\/?)([\w.:-]+)([^<>]*)>|([^<]+)|([\s\S])/g
const entities: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
}

/**
 * The root element of an XML file as annotation tools write them: elements, text, comments, CDATA; attributes are
 * skipped; a DOCTYPE is refused. Throws SyntaxError with the line in front.
 */
export function parseXml(source: string): XmlElement {
  const text = source.replace(/^\uFEFF/, '')
  const open: OpenElement[] = [{ name: '', text: '', children: [], line: 1 }]
  let line = 1
  for (const match of text.matchAll(tokens)) {
    take(match, open, line)
    line += match[0].split('\n').length - 1
  }
  const [document, unclosed] = open
  if (unclosed !== undefined)
    throw new SyntaxError(`${unclosed.line}: <${unclosed.name}> is never closed`)
  const [root] = document?.children ?? []
  if (root === undefined) throw new SyntaxError('1: no element')
  return root
}

function take(match: RegExpExecArray, open: OpenElement[], line: number): void {
  const [, cdata, slash, name, rest, plain, stray] = match
  if (stray !== undefined) throw new SyntaxError(`${line}: “${stray}” does not belong there`)
  const words = cdata ?? (plain === undefined ? undefined : resolved(plain))
  const inner = open.at(-1)
  if (words !== undefined && inner !== undefined) inner.text += words
  if (name === undefined) return
  if (slash === '/') return close(open, name, line)
  open.push({ name, text: '', children: [], line })
  if (rest?.endsWith('/') === true) close(open, name, line)
}

function close(open: OpenElement[], name: string, line: number): void {
  const inner = open.at(-1)
  if (open.length < 2 || inner?.name !== name)
    throw new SyntaxError(`${line}: </${name}> closes nothing`)
  open.pop()
  open.at(-1)?.children.push({ ...inner, text: inner.text.trim() })
}

function resolved(text: string): string {
  return text.replaceAll(/&(#x?[0-9a-f]+|\w+);/gi, (whole, name: string) => {
    if (!name.startsWith('#')) return entities[name] ?? whole
    const isHex = name[1] === 'x' || name[1] === 'X'
    const code = Number.parseInt(name.slice(isHex ? 2 : 1), isHex ? 16 : 10)
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole
  })
}
