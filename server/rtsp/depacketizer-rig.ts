import { type AccessUnit, nalUnitsOf } from './access-unit.ts'
import { H264Depacketizer } from './h264-depacketizer.ts'
import type { TestPacket } from './packets-of.ts'

export const sps = Buffer.from('6742c01ed900a0427e5c', 'hex')
export const pps = Buffer.from('68cb83cb20', 'hex')

/** For tests: feeds a depacketizer and keeps what it says. */
export class DepacketizerRig {
  readonly units: AccessUnit[] = []
  readonly depacketizer: H264Depacketizer
  #sequence = 100

  constructor(parameterSets: readonly Buffer[] = []) {
    this.depacketizer = new H264Depacketizer({
      onUnit: (unit) => this.units.push(unit),
      parameterSets,
    })
  }

  send(payload: Buffer, options: { timestamp?: number; marker?: boolean } = {}): void {
    const { timestamp = 1000, marker = false } = options
    const header = {
      payloadType: 96,
      marker,
      sequence: this.#sequence,
      timestamp,
      ssrc: 1,
      payloadStart: 0,
      payloadEnd: payload.length,
    }
    this.#sequence = (this.#sequence + 1) & 0xffff
    this.depacketizer.push(payload, header, 5)
  }

  lose(count = 1): void {
    this.#sequence = (this.#sequence + count) & 0xffff
  }

  deliver(packets: readonly TestPacket[]): void {
    for (const { payload, header } of packets) this.depacketizer.push(payload, header, 5)
  }

  get pictures(): Buffer[][] {
    return this.units.map((unit) => [...nalUnitsOf(unit.data)])
  }

  get damaged(): boolean[] {
    return this.units.map((unit) => unit.isDamaged)
  }
}
