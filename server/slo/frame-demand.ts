/**
 * Which of a camera's frames are asked for: those that a device without limits would detect at the detect rate. A frame
 * is asked for up to half a period early, so that jitter of the camera does not change how many there are.
 */
export class FrameDemand {
  readonly #periodMs: number
  #dueAtMs = -Infinity

  /** 0 = every frame. */
  constructor(detectFps: number) {
    this.#periodMs = detectFps > 0 ? 1000 / detectFps : 0
  }

  isAsked(capturedAtMs: number): boolean {
    if (this.#periodMs === 0) return true
    if (capturedAtMs < this.#dueAtMs) return false
    // After a pause, and behind a camera slower than the rate: what was missed is not made up for.
    const isBehind = capturedAtMs - this.#dueAtMs > 2 * this.#periodMs
    this.#dueAtMs = isBehind ? capturedAtMs + this.#periodMs / 2 : this.#dueAtMs + this.#periodMs
    return true
  }
}
