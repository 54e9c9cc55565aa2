import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { Children } from './children.mjs'
import { withLock } from './lock.mjs'
import { Interrupted, SetUpError } from './set-up-error.mjs'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sightline-lock-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

const never = (): never => assert.fail('nobody holds the lock')

test('a lock is gone after use, also after a failure', async () => {
  const path = join(folder, 'lock')
  const { signal } = new AbortController()
  const use = async (): Promise<never> => {
    assert.ok(existsSync(path))
    throw new SetUpError('broken')
  }
  await assert.rejects(withLock(path, { signal, onWait: never, use }), SetUpError)
  assert.equal(existsSync(path), false)
})

test('the lock of a process that has died counts for nothing', async () => {
  const path = join(folder, 'lock')
  const { pid } = spawnSync('true')
  writeFileSync(path, String(pid))
  const { signal } = new AbortController()
  assert.equal(await withLock(path, { signal, onWait: never, use: async () => 'used' }), 'used')
})

test('a number that another program has now holds nothing', async () => {
  const path = join(folder, 'lock')
  using other = stranger(['sleep', '600'])
  writeFileSync(path, String(other.pid))
  const { signal } = new AbortController()
  assert.equal(await withLock(path, { signal, onWait: never, use: async () => 'used' }), 'used')
})

test('whoever waits for a lock is told of its holder, and can be interrupted', async () => {
  const path = join(folder, 'lock')
  using holder = stranger(['sh', '-c', 'read line # setup.mjs'])
  writeFileSync(path, String(holder.pid))
  const children = new Children()
  const holders: number[] = []
  const waiting = withLock(path, {
    signal: children.signal,
    onWait: (pid) => {
      holders.push(pid)
      children.interrupt()
    },
    use: never,
  })
  await assert.rejects(waiting, Interrupted)
  assert.deepEqual(holders, [holder.pid])
})

function stranger([program = '', ...args]: readonly string[]): { pid: number } & Disposable {
  const child = spawn(program, args)
  const { pid } = child
  assert.ok(pid !== undefined)
  return { pid, [Symbol.dispose]: () => void child.kill('SIGKILL') }
}
