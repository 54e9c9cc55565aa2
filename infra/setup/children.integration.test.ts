import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Children } from './children.mjs'
import { Interrupted } from './set-up-error.mjs'

const env = { PATH: process.env['PATH'] }

test('a program that is not there is exit code 127, and no rejection', async () => {
  const { code } = await new Children().run('no-such-program', [], { env, timeoutMs: 5_000 })
  assert.equal(code, 127)
})

test('a program that runs past its time is ended, and its code is 124', async () => {
  const { code } = await new Children().run('sleep', ['600'], { env, timeoutMs: 50 })
  assert.equal(code, 124)
})

test('exit code and both outputs come back', async () => {
  const script = 'echo out; echo err >&2; exit 7'
  const ended = await new Children().run('sh', ['-c', script], { env, timeoutMs: 5_000 })
  assert.deepEqual(ended, { code: 7, stdout: 'out\n', stderr: 'err\n' })
})

test('an interruption ends a program with its descendants, and refuses the next', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sightline-children-'))
  const children = new Children()
  // The grandchild would keep the pipe open, and with it the run, for ten minutes.
  const running = children.run('sh', ['-c', 'sleep 600 & touch started; wait'], {
    env,
    cwd: folder,
    timeoutMs: 600_000,
  })
  for (let look = 0; look < 500 && !existsSync(join(folder, 'started')); look += 1) await sleep(10)
  children.interrupt()
  await assert.rejects(running, Interrupted)
  await assert.rejects(children.run('true', [], { env, timeoutMs: 1_000 }), Interrupted)
  rmSync(folder, { recursive: true })
})
