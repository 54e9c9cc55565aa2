import type { CameraMessage, DetectionsMessage } from '#protocol/messages.ts'

/** A result as camera.ts hands it over: all of the message but what the publisher counts itself. */
export type PublishedResult = Omit<DetectionsMessage, 'type' | 'camera' | 'seq'>

/** One camera's lane to all subscribers. Disposing tells them `removed`. */
export interface CameraPublisher extends Disposable {
  /** Written to every healthy subscriber before this returns; `seq` is counted here. */
  publish(result: PublishedResult): void
  /** Never conflated; the last one is what a new subscriber gets first. */
  announce(state: Omit<CameraMessage, 'type' | 'camera'>): void
}

/** What the cameras need of the subscribers' side. */
export interface Publisher {
  addCamera(cameraId: string): CameraPublisher
}
