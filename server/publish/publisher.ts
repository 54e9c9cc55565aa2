import type { CameraMessage, DetectionsMessage } from '#protocol/messages.ts'

/** A result as camera.ts hands it over: all of the message but what the publisher counts itself. */
export type PublishedResult = Omit<DetectionsMessage, 'type' | 'camera' | 'seq' | 'skipped'>

/** A camera's state as camera.ts hands it over. */
export type AnnouncedState = Omit<CameraMessage, 'type' | 'camera'>

/** One camera's lane to all subscribers. Disposing tells them `removed`. */
export interface CameraPublisher extends Disposable {
  /**
   * Written to every healthy subscriber at the end of this turn, together with what else is published in it: a
   * microtask queued after this call runs after the write. `seq` is counted here.
   */
  publish(result: PublishedResult): void
  /** Never conflated; the last one is what a new subscriber gets first. */
  announce(state: AnnouncedState): void
}

/** What the cameras need of the subscribers' side. */
export interface Publisher {
  addCamera(cameraId: string): CameraPublisher
}
