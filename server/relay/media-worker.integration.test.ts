import assert from 'node:assert/strict'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { sleep, systemClock } from '#std/clock.ts'
import { FakeClock } from '#std/fake-clock.ts'
import { startMediaWorker } from './media-worker.ts'
import { RelayOpenError } from './relay-open-error.ts'

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const startMs = systemClock.nowMs()
  while (!(await holds())) {
    assert.ok(systemClock.nowMs() - startMs < 15_000, `never happened: ${what}`)
    await sleep(systemClock, 10)
  }
}

test(
  'a program that hangs at its start is ended after 10 s, and the start can be tried again',
  { timeout: 30_000 },
  async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'media-worker-'))
    t.after(() => rm(folder, { recursive: true, force: true }))
    const pidPath = join(folder, 'pid')
    const workerBin = join(folder, 'worker')
    await writeFile(workerBin, `#!/bin/sh\necho $$ > '${pidPath}'\nexec sleep 60\n`)
    await chmod(workerBin, 0o755)
    const clock = new FakeClock()
    const failures: unknown[] = []
    const starting = startMediaWorker(
      { clock, workerBin, listenIp: '127.0.0.1', announcedAddress: null, port: 0 },
      () => {},
    ).catch((error: unknown) => failures.push(error))
    const pidText = (): Promise<string> => readFile(pidPath, 'utf8').catch(() => '')
    await until('the program runs', async () => (await pidText()).endsWith('\n'))
    const pid = Number(await pidText())
    t.after(() => isRunning(pid) && process.kill(pid, 'SIGKILL'))
    await clock.advanceAsync(9_999)
    assert.equal(failures.length, 0)
    assert.equal(isRunning(pid), true)
    clock.advance(1)
    await until('the start is given up', () => failures.length !== 0)
    await starting
    const [failure] = failures
    assert.ok(failure instanceof RelayOpenError)
    assert.equal(failure.code, 'worker_failed')
    assert.equal(failure.retryable, true)
    assert.match(failure.message, /does not answer within 10000 ms/)
    await until('the program is gone', () => !isRunning(pid))
    assert.equal(clock.pendingCount, 0)
  },
)
