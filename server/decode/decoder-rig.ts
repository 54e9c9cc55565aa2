import { assert } from '#std/assert.ts'
import { FakeClock } from '#std/fake-clock.ts'
import { silentLog } from '#std/log.ts'
import type { AccessUnit } from '../rtsp/access-unit.ts'
import type { StampedUnit } from '../source/stamped-unit.ts'
import type { DecodedFrame, DecodeLoss, Decoder } from './decoder.ts'
import { type DecodeLimits, openDecoder } from './open-decoder.ts'
import { ScriptedChild } from './scripted-child.ts'

export const rigParameterSets = {
  sps: [Buffer.from([0x67, 66, 0, 30])],
  pps: [Buffer.from([0x68, 1])],
}

type Outcome = DecodeLoss | 'frame' | 'outstanding'

/** For tests: a decoder on a fake clock, its scripted children, and what came of every unit. */
export class DecoderRig {
  readonly clock = new FakeClock()
  readonly children: ScriptedChild[] = []
  readonly outcomes = new Map<StampedUnit, Outcome[]>()
  readonly reasons: string[] = []
  readonly held: DecodedFrame[] = []
  restarts = 0
  #pushed = 0
  readonly decoder: Decoder

  constructor(limits: Partial<DecodeLimits> = {}) {
    this.decoder = openDecoder({
      ffmpegPath: '/nowhere/ffmpeg',
      geometry: { width: 2, height: 2, filter: 'scale=2:2', pixelFormat: 'yuv420p' },
      clock: this.clock,
      log: silentLog,
      limits,
      startChild: ({ listener }) => {
        const child = new ScriptedChild(100 + this.children.length, listener)
        this.children.push(child)
        return child
      },
      listener: {
        onFrame: (frame) => {
          this.#note(frame.stamped, 'frame')
          this.held.push(frame)
          this.checkHeld()
        },
        onLost: (stamped, loss, reason) => {
          this.#note(stamped, loss)
          this.reasons.push(reason)
        },
        onRestart: () => this.restarts++,
      },
    })
  }

  get child(): ScriptedChild {
    const child = this.children.at(-1)
    assert(child, 'a child was started')
    return child
  }

  push(changes: Partial<AccessUnit> = {}): StampedUnit {
    const identity = (this.#pushed++ % 255) + 1
    const stamped: StampedUnit = {
      unit: {
        codec: 'h264',
        data: Buffer.from([0, 0, 0, 2, 0x61, identity]),
        rtpTimestamp: 0,
        isKey: false,
        isDamaged: false,
        arrivedAtMs: 0,
        parameterSets: rigParameterSets,
        ...changes,
      },
      epoch: 1,
      rtpTimestamp: identity,
      capturedAtMs: 0,
      capturedAtWallMs: 0,
      capturedBy: 'arrival',
    }
    this.outcomes.set(stamped, [])
    this.decoder.push(stamped)
    return stamped
  }

  /** The pixels of a frame are its unit's as long as it is held. */
  checkHeld(): void {
    const memory = new Uint8Array(this.decoder.memory)
    for (const { byteOffset, stamped } of this.held)
      for (let i = 0; i < 6; i++)
        assert(memory[byteOffset + i] === stamped.rtpTimestamp, 'pixels of a held frame')
  }

  release(): void {
    this.checkHeld()
    this.held.shift()?.release()
  }

  of(...units: StampedUnit[]): Outcome[] {
    return units.map((unit) => this.outcomes.get(unit)?.[0] ?? 'outstanding')
  }

  #note(stamped: StampedUnit, outcome: Outcome): void {
    const outcomes = this.outcomes.get(stamped)
    assert(outcomes, 'a unit that was pushed')
    outcomes.push(outcome)
    assert(outcomes.length === 1, 'one outcome a unit')
  }
}
