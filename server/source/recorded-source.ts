import type { AccessUnit } from '../rtsp/access-unit.ts'
import type { SourceListener } from './source.ts'

/** For tests: keeps what a source says, and resolves once a condition on it holds. */
export class RecordedSource implements SourceListener {
  readonly units: AccessUnit[] = []
  readonly reports: Parameters<SourceListener['onSenderReport']>[0][] = []
  packetsLost = 0
  #waiting: { readonly holds: () => boolean; readonly resolve: () => void }[] = []

  onAccessUnit(unit: AccessUnit): void {
    this.units.push(unit)
    this.#look()
  }

  onSenderReport(report: Parameters<SourceListener['onSenderReport']>[0]): void {
    this.reports.push(report)
    this.#look()
  }

  onPacketsLost(count: number): void {
    this.packetsLost += count
    this.#look()
  }

  /** The test's own time limit bounds it. */
  until(holds: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ holds, resolve })
      this.#look()
    })
  }

  #look(): void {
    const ready = this.#waiting.filter(({ holds }) => holds())
    this.#waiting = this.#waiting.filter((waiting) => !ready.includes(waiting))
    for (const { resolve } of ready) resolve()
  }
}
