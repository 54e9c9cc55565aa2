import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { FakeClock } from '#std/fake-clock.ts'
import { silentLog } from '#std/log.ts'
import { ScriptedSource } from './scripted-source.ts'
import type { SourceError } from './source.ts'
import type { StampedUnit } from './stamped-unit.ts'
import { type SourceState, type SourceSupervisor, superviseSource } from './supervisor.ts'

class Rig implements AsyncDisposable {
  readonly clock = new FakeClock()
  readonly source = new ScriptedSource(this.clock)
  readonly units: StampedUnit[] = []
  readonly states: SourceState[] = []
  readonly ends: SourceError[] = []
  readonly supervisor: SourceSupervisor

  constructor(random = 0.5) {
    this.supervisor = superviseSource({
      open: this.source.open,
      clock: this.clock,
      random: () => random,
      log: silentLog,
      listener: {
        onUnit: (stamped) => this.units.push(stamped),
        onState: (state) => this.states.push(state),
        onEpochEnd: (error) => this.ends.push(error),
      },
    })
  }

  async play(forMs: number, everyMs = 40): Promise<void> {
    for (let atMs = 0; atMs < forMs; atMs += everyMs) {
      await this.wait(everyMs)
      this.source.frame()
    }
  }

  async wait(forMs: number): Promise<void> {
    await this.clock.advanceAsync(forMs, Math.min(forMs, 50))
  }

  /** Answers each try with `code` for a while; milliseconds between the tries. */
  async refuseAll(code: SourceError['code'], forMs: number): Promise<number[]> {
    const before = this.source.triedAtMs.length - (this.source.isAsked ? 1 : 0)
    for (let atMs = 0; atMs < forMs; atMs += 10) {
      if (this.source.isAsked) this.source.refuse(code)
      await this.clock.advanceAsync(10)
    }
    const tried = this.source.triedAtMs.slice(before)
    return tried.slice(1).map((at, i) => at - (tried[i] ?? 0))
  }

  get stateNames(): string[] {
    return this.states.map(({ state }) => state)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.supervisor[Symbol.asyncDispose]()
  }
}

describe('a camera that cannot be opened', () => {
  test('is refused for a wrong password, says why, and is asked once a minute', async () => {
    await using rig = new Rig()
    const gaps = await rig.refuseAll('unauthorized', 200_000)
    assert.deepEqual(gaps, [60_000, 60_000, 60_000])
    assert.deepEqual(rig.stateNames, ['refused'])
    assert.equal(rig.supervisor.status().code, 'unauthorized')
    assert.equal(rig.supervisor.status().reason, 'It is unauthorized.')
    assert.equal(rig.supervisor.status().epoch, 0)
  })

  test('is tried after 250 ms, twice as much each time, up to 5 s', async () => {
    await using rig = new Rig()
    const gaps = await rig.refuseAll('unreachable', 20_000)
    assert.deepEqual(gaps, [250, 500, 1000, 2000, 4000, 5000, 5000])
    assert.deepEqual(rig.stateNames, ['connecting'])
    assert.equal(rig.ends.length, 0, 'there was no epoch')
  })

  test('that agrees to play and sends nothing is no_data, and tried again', async () => {
    await using rig = new Rig()
    rig.source.accept()
    await rig.wait(6000)
    assert.equal(rig.supervisor.status().code, 'no_data')
    assert.equal(rig.source.triedAtMs.length, 2)
    assert.equal(rig.source.openMax, 1)
  })
})

describe('a camera that was live', () => {
  test('and ends is tried at once, every 250 ms, then every second; never two at a time', async () => {
    await using rig = new Rig()
    rig.source.accept()
    await rig.play(1000)
    rig.source.end()
    await rig.wait(250)
    const gaps = await rig.refuseAll('unreachable', 14_000)
    assert.deepEqual(new Set(gaps.slice(0, 36)), new Set([250]))
    assert.deepEqual(new Set(gaps.slice(-3)), new Set([1000]))
    assert.equal(rig.source.openMax, 1)
    assert.deepEqual(rig.stateNames.slice(0, 2), ['live', 'connecting'])
    assert.equal(rig.ends.length, 1)
    assert.equal(rig.ends[0]?.code, 'ended')
  })

  test('and hangs while it is opened again is not tried a second time beside that', async () => {
    await using rig = new Rig()
    rig.source.accept()
    await rig.play(1000)
    rig.source.end()
    await rig.wait(10_000)
    assert.equal(rig.source.triedAtMs.length, 2)
    assert.equal(rig.source.patienceMs[1], 250)
  })

  test('and comes back goes on in the next epoch, on one timeline', async () => {
    await using rig = new Rig()
    rig.source.accept()
    await rig.play(1000)
    rig.source.end()
    await rig.wait(300)
    rig.source.accept()
    await rig.play(1000)
    assert.deepEqual(rig.stateNames, ['live', 'connecting', 'live'])
    assert.deepEqual(rig.supervisor.status(), {
      state: 'live',
      code: null,
      reason: null,
      epoch: 2,
      reconnects: 1,
    })
    const outgoing = rig.units.map((unit) => unit.rtpTimestamp)
    assert.ok(outgoing.every((at, i) => i === 0 || at > (outgoing[i - 1] ?? 0)))
    assert.deepEqual([...new Set(rig.units.map((unit) => unit.epoch))], [1, 2])
  })
})

describe('silence', () => {
  test('is noticed within 2 s, and video that goes on ends it without a new connection', async () => {
    await using rig = new Rig()
    rig.source.accept()
    await rig.play(2000)
    await rig.wait(950)
    assert.equal(rig.supervisor.status().state, 'live')
    await rig.wait(550)
    assert.equal(rig.supervisor.status().state, 'stalled')
    assert.equal(rig.supervisor.status().code, 'no_data')
    assert.match(rig.supervisor.status().reason ?? '', /sends nothing/)
    await rig.play(200)
    assert.deepEqual(rig.stateNames, ['live', 'stalled', 'live'])
    assert.equal(rig.source.triedAtMs.length, 1)
    assert.equal(rig.supervisor.status().epoch, 1)
  })

  test('that lasts closes the connection and opens another', async () => {
    await using rig = new Rig()
    rig.source.accept()
    await rig.play(2000)
    await rig.wait(5000)
    assert.equal(rig.source.triedAtMs.length, 2)
    assert.equal(rig.source.openMax, 1)
    assert.deepEqual(rig.stateNames, ['live', 'stalled', 'connecting'])
    assert.equal(rig.ends.length, 1)
  })

  test('of a slow camera is counted in its own intervals', async () => {
    await using rig = new Rig()
    rig.source.accept()
    await rig.play(20_000, 1000)
    await rig.wait(2900)
    assert.equal(rig.supervisor.status().state, 'live')
    await rig.wait(600)
    assert.equal(rig.supervisor.status().state, 'stalled')
  })
})

test('the frame rate is measured, and 0 while there is none', async () => {
  await using rig = new Rig()
  assert.equal(rig.supervisor.measuredFps, 0)
  rig.source.accept()
  await rig.play(3000)
  assert.equal(rig.supervisor.measuredFps, 25)
  rig.source.end()
  await rig.wait(300)
  assert.equal(rig.supervisor.measuredFps, 0)
})

describe('closing', () => {
  for (const [when, prepare] of [
    ['while it connects', async () => {}],
    ['while live', (rig: Rig) => (rig.source.accept(), rig.play(200))],
    [
      'while it waits for the next try',
      (rig: Rig) => (rig.source.refuse('unauthorized'), rig.wait(50)),
    ],
  ] as const)
    test(`${when} ends the connection, leaves no timer and says nothing more`, async () => {
      const rig = new Rig()
      await prepare(rig)
      const told = rig.states.length
      await rig.supervisor[Symbol.asyncDispose]()
      await rig.supervisor[Symbol.asyncDispose]()
      assert.equal(rig.source.connections, 0)
      assert.equal(rig.clock.pendingCount, 0)
      await rig.wait(120_000)
      assert.ok(rig.source.triedAtMs.length <= 1)
      assert.equal(rig.states.length, told)
    })
})
