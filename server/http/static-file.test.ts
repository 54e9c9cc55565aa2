import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { appOf } from './fake-app.ts'

const staticDir = await mkdtemp(join(tmpdir(), 'sightline-client-'))
after(() => rm(staticDir, { recursive: true }))
await mkdir(join(staticDir, 'assets'))
await writeFile(join(staticDir, 'index.html'), '<!doctype html><title>client</title>')
await writeFile(join(staticDir, 'assets/index-4Nz2P94B.js'), 'export {}')
await writeFile(join(staticDir, 'assets/plain.css'), 'a{}')
await writeFile(join(staticDir, '.secret.txt'), 'no')

test('the client is served with types and caching that fit, and safe headers', async () => {
  const page = await appOf({}, staticDir).request('/')
  assert.equal(page.status, 200)
  assert.equal(page.headers.get('content-type'), 'text/html; charset=utf-8')
  assert.equal(page.headers.get('cache-control'), 'no-cache')
  assert.equal(page.headers.get('x-content-type-options'), 'nosniff')
  const policy = page.headers.get('content-security-policy') ?? ''
  assert.match(policy, /default-src 'self'/)
  assert.match(policy, /frame-ancestors 'none'/)
  assert.doesNotMatch(policy, /unsafe/)
  const script = await appOf({}, staticDir).request('/assets/index-4Nz2P94B.js')
  assert.equal(script.headers.get('content-type'), 'text/javascript; charset=utf-8')
  assert.match(script.headers.get('cache-control') ?? '', /immutable/)
  const style = await appOf({}, staticDir).request('/assets/plain.css')
  assert.equal(style.headers.get('cache-control'), 'no-cache')
  assert.equal((await appOf({}, staticDir).request('/', { method: 'HEAD' })).status, 200)
})

for (const path of [
  '/.secret.txt',
  '/assets/..%2f.secret.txt',
  '/assets/%2e%2e/.secret.txt',
  '/..%2f..%2fetc/hosts.txt',
  '/assets%5c..%5c.secret.txt',
  '//etc/hosts.txt',
  '/assets',
  '/assets/',
  '/assets/none.js',
])
  test(`${path} is not a file of the client`, async () => {
    assert.equal((await appOf({}, staticDir).request(path)).status, 404)
  })
