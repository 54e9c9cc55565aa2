import { readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'

export interface StaticFile {
  readonly body: Uint8Array<ArrayBuffer>
  readonly headers: Readonly<Record<string, string>>
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.txt': 'text/plain; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
}

/** Letters, digits and `_` first: no segment can be `..`, hidden, empty, or hold a separator of any system. */
const plainPath = /^\/(?:\w[\w.-]*\/)*\w[\w.-]*$/
/** What Vite names by content: it never changes under its name. */
const hashedPath = /^\/assets\/.+-[\w-]{8}\.\w+$/

/** A file of the built client by the path of its URL; null where there is none. */
export async function readStaticFile(dir: string, urlPath: string): Promise<StaticFile | null> {
  const path = urlPath === '/' ? '/index.html' : urlPath
  const type = types[extname(path)]
  if (type === undefined || !plainPath.test(path)) return null
  try {
    const body = await readFile(join(dir, path))
    const caching = hashedPath.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache'
    return { body, headers: { 'content-type': type, 'cache-control': caching } }
  } catch (error) {
    if (isAbsent(error)) return null
    throw error
  }
}

function isAbsent(error: unknown): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    (error.code === 'ENOENT' || error.code === 'ENOTDIR' || error.code === 'EISDIR')
  )
}
