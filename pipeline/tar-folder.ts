import { PrepareError } from './prepare-error.ts'

const blockBytes = 512
/** Type flags of a plain file (POSIX 1003.1 pax, ustar header block). */
const plainFile = new Set(['0', '\0'])

/** The files right inside one folder of a tar archive, by their bare names. Throws PrepareError `archive_invalid`. */
export function readTarFolder(tar: Uint8Array, folder: string): ReadonlyMap<string, Uint8Array> {
  const files = new Map<string, Uint8Array>()
  for (let at = 0; at + blockBytes <= tar.length;) {
    const header = tar.subarray(at, at + blockBytes)
    const path = pathOf(header)
    if (path === '') break
    const size = Number.parseInt(textOf(header, 124, 12), 8)
    const start = at + blockBytes
    if (!Number.isSafeInteger(size) || size < 0 || start + size > tar.length)
      throw new PrepareError('archive_invalid', `the archive is cut off at ${path}`)
    const isInside = path.startsWith(`${folder}/`) && !path.slice(folder.length + 1).includes('/')
    if (isInside && plainFile.has(String.fromCharCode(header[156] ?? 0)))
      files.set(path.slice(folder.length + 1), tar.subarray(start, start + size))
    at = start + Math.ceil(size / blockBytes) * blockBytes
  }
  if (files.size > 0) return files
  throw new PrepareError('archive_invalid', `the archive has no folder ${folder}`)
}

/** Long paths have their first part in the field `prefix`. */
function pathOf(header: Uint8Array): string {
  const prefix = textOf(header, 345, 155)
  const name = textOf(header, 0, 100)
  return prefix === '' ? name : `${prefix}/${name}`
}

function textOf(header: Uint8Array, from: number, length: number): string {
  const field = Buffer.from(header.subarray(from, from + length)).toString('latin1')
  return (field.split('\0')[0] ?? '').trim()
}
