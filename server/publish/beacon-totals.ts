import { type BeaconMessage, displayDelayEdgesMs } from '#protocol/messages.ts'

/** What the viewers' beacons add up to, over all cameras and viewers. */
export class BeaconTotals {
  /** Boxes drawn, by how they were matched to the displayed frame. */
  readonly boxes = { exact: 0, interpolated: 0, held: 0 }
  readonly displayDelay = new DisplayDelay()

  add(beacon: BeaconMessage): void {
    this.boxes.exact += beacon.exact
    this.boxes.interpolated += beacon.interpolated
    this.boxes.held += beacon.held
    this.displayDelay.add(beacon.displayDelayMs)
  }
}

/** A histogram in seconds that whole bucket counts are added to. */
class DisplayDelay {
  readonly edges: readonly number[] = displayDelayEdgesMs.map((edge) => edge / 1_000)
  readonly counts = new Float64Array(displayDelayEdgesMs.length + 1)
  /** Seconds; a beacon tells only buckets, so each value counts as the middle of its own. */
  sum = 0
  total = 0

  add(counts: readonly number[]): void {
    for (const [i, count] of counts.entries()) {
      const low = this.edges[i - 1] ?? 0
      const high = this.edges[i] ?? low
      this.counts[i] = (this.counts[i] ?? 0) + count
      this.sum += (count * (low + high)) / 2
      this.total += count
    }
  }
}
