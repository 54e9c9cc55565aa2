/** What publishing needs of one open WebSocket. */
export interface ClientSocket {
  /** False once a close frame went either way. */
  readonly isOpen: boolean
  /** Written here and not yet taken by the kernel. */
  readonly bufferedBytes: number
  /** Complete, unmasked frames (frame.ts), in one write. */
  write(frames: readonly Buffer[]): void
  close(code: number, reason: string): void
  terminate(): void
}
