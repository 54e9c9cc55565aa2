import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { sleep, systemClock } from '#std/clock.ts'
import { FakeClock } from '#std/fake-clock.ts'
import { type Log, type LogFields, silentLog } from '#std/log.ts'
import { type DemoCamera, openDemoCamera } from './demo-camera.ts'

const limitMs = 30_000
const announce = `process.stdout.write('{"url":"rtsp://127.0.0.1:9/street"}\\n')`
const stay = `process.stdin.resume(); process.stdin.on('end', () => process.exit(0))`
let folder = ''

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'demo-camera-'))
  await writeFile(join(folder, 'clip.h264'), '')
})
after(() => rm(folder, { recursive: true, force: true }))

/** A demo camera whose child runs `source`, on a clock that stands still, and what it warned of. */
async function setUp(source: string) {
  const clock = new FakeClock()
  const warnings: LogFields[] = []
  const log: Log = { ...silentLog, warn: (_message, fields = {}) => void warnings.push(fields) }
  const program = join(folder, `program-${Math.random()}.mjs`)
  await writeFile(program, source)
  const clipPath = join(folder, 'clip.h264')
  const open = (): Promise<DemoCamera | null> =>
    openDemoCamera({ clipPath, fps: 25, clock, log, random: () => 0.5, program })
  return { clock, warnings, open }
}

async function until(what: string, holds: () => boolean): Promise<void> {
  const startMs = systemClock.nowMs()
  while (!holds()) {
    assert.ok(systemClock.nowMs() - startMs < limitMs / 2, `never happened: ${what}`)
    await sleep(systemClock, 5)
  }
}

describe('a demo camera that cannot start is left out, and the server told why', () => {
  const cases = [
    ['ends before it listens', 'process.exit(3)', /ended before it listened/],
    ['says what is no JSON', `process.stdout.write('hello\\n'); ${stay}`, /does not say where/],
    ['says no address', `process.stdout.write('{"url":7}\\n'); ${stay}`, /does not say where/],
  ] as const
  for (const [name, source, reason] of cases)
    test(`it ${name}`, { timeout: limitMs }, async () => {
      const { warnings, open } = await setUp(source)
      assert.equal(await open(), null)
      assert.equal(warnings.length, 1)
      assert.equal(warnings[0]?.['code'], 'demo_failed')
      assert.match(String(warnings[0]?.['reason']), reason)
    })

  test('it says nothing for 5 s', { timeout: limitMs }, async () => {
    const { clock, warnings, open } = await setUp(stay)
    let isOpen = false
    const opening = open().finally(() => {
      isOpen = true
    })
    clock.advance(4999)
    await sleep(systemClock, 0)
    assert.equal(isOpen, false)
    clock.advance(1)
    assert.equal(await opening, null)
    assert.match(String(warnings[0]?.['reason']), /did not listen within 5000 ms/)
  })
})

test(
  'a child that dies young comes back ever later; after 10 s of life as soon as the first time',
  { timeout: limitMs },
  async () => {
    const { clock, warnings, open } = await setUp(`${announce}; ${stay}`)
    await using camera = await open()
    assert.ok(camera !== null)
    for (const livesMs of [0, 0, 0, 9_999, 10_000, 0]) {
      const { pid } = camera
      assert.ok(pid !== null)
      clock.advance(livesMs)
      const told = warnings.length
      process.kill(pid, 'SIGKILL')
      await until('its end is told', () => warnings.length > told)
      clock.advance(Number(warnings.at(-1)?.['delayMs']))
      assert.notEqual(camera.pid, pid)
    }
    const delays = warnings.map((fields) => fields['delayMs'])
    assert.deepEqual(delays, [250, 500, 1000, 2000, 250, 500])
  },
)
