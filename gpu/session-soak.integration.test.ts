import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const soak = fileURLToPath(new URL('session-soak.bench.ts', import.meta.url))
const data = resolve(process.env['SIGHTLINE_DATA'] ?? 'data')

test('Two sessions are opened and closed many times without an abort of native code.', async () => {
  const words = [soak, '--runs', '100', '--cycles', '6', '--data', data]
  // Its verdict about memory needs more: an exit code of 1 is as good as 0 here, a signal is not.
  const { stdout, code } = await promisify(execFile)(process.execPath, words).then(
    (result) => ({ ...result, code: 0 }),
    (error: { readonly stdout: string; readonly code: number | null }) => error,
  )
  assert.ok(code === 0 || code === 1, `ended with ${code}`)
  assert.match(stdout, /^100 runs: RSS .*\n6 cycles: RSS .*\n\d+ s, no abort\n$/)
})
