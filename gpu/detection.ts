/** One box. */
export interface Detection {
  /** Index into the model card's classes. */
  readonly classIndex: number
  /** 0..1 */
  readonly score: number
  /** Shares of the picture, clipped to 0..1. */
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
}
