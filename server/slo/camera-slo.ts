/** Instants of one delivered result on the server's monotonic clock, in the order a frame passes them. */
export interface DeliveredStamps {
  readonly capturedAtMs: number
  readonly arrivedAtMs: number
  readonly decodedAtMs: number
  readonly dispatchedAtMs: number
  readonly inferredAtMs: number
  readonly postedAtMs: number
  /** Handed to the kernel for every healthy subscriber. */
  readonly publishedAtMs: number
}

/** One camera's side of the objectives. Disposing takes its series away. */
export interface CameraSlo extends Disposable {
  /** The camera sent a frame: what detections may be asked for. */
  received(capturedAtMs: number): void
  delivered(stamps: DeliveredStamps): void
  setLive(state: { readonly live: boolean }): void
  /** The camera's measured frame rate; 0 while unknown. Only a camera slower than its detect rate needs to say it. */
  setCameraFps(fps: number): void
}

export interface CameraObjective {
  readonly cameraId: string
  /** 0 = every frame. */
  readonly detectFps: number
  readonly latencyBudgetMs: number
  /** Share under overload against the other cameras. */
  readonly weight: number
}

/** What the cameras need of the objectives' side. */
export interface Slo {
  addCamera(objective: CameraObjective): CameraSlo
}
