import { camerasMax } from '#config/schema.ts'
import type { CameraConfig } from '#config/camera.ts'
import type { CameraView } from '#protocol/api.ts'
import { Camera, type CameraLoad, type CameraParts, type ManagedBy } from './camera.ts'
import { CameraError } from './camera-error.ts'
import type { DecidedRate } from './detection-rate.ts'

/** The only map of cameras. */
export class CameraRegistry implements AsyncDisposable {
  readonly #parts: CameraParts
  readonly #cameras = new Map<string, Camera>()
  /** Being closed: their ids are taken until the last child is gone. */
  readonly #closing = new Map<string, Promise<void>>()

  constructor(parts: CameraParts) {
    this.#parts = parts
  }

  /** Starts a camera. Throws CameraError `camera_exists` or `too_many_cameras`. */
  add(config: CameraConfig, managedBy: ManagedBy): CameraView {
    if (this.#cameras.has(config.id) || this.#closing.has(config.id))
      throw new CameraError('camera_exists', `there is a camera “${config.id}” already`)
    if (this.#cameras.size >= camerasMax)
      throw new CameraError('too_many_cameras', `${camerasMax} cameras are the limit of one server`)
    const camera = new Camera(config, managedBy, this.#parts)
    this.#cameras.set(config.id, camera)
    return camera.view()
  }

  /** Resolves when its last child process is gone. Throws CameraError `not_found` or `camera_managed_by_file`. */
  async remove(id: string): Promise<void> {
    const camera = this.#cameras.get(id)
    if (camera === undefined) throw new CameraError('not_found', `there is no camera “${id}”`)
    if (camera.managedBy !== 'api')
      throw new CameraError(
        'camera_managed_by_file',
        camera.managedBy === 'demo'
          ? `“${id}” is the demo camera: start with SIGHTLINE_DEMO=off to leave it out`
          : `“${id}” comes from the configuration file: remove it there`,
      )
    await this.#close(camera)
  }

  get(id: string): CameraView | null {
    return this.#cameras.get(id)?.view() ?? null
  }

  list(): readonly CameraView[] {
    return [...this.#cameras.values()].map((camera) => camera.view())
  }

  /** Comebacks of each camera, by why the connection before had ended. */
  *reconnects(): Generator<{ camera: string; reason: string; count: number }> {
    for (const [camera, { reconnects }] of this.#cameras)
      for (const [reason, count] of reconnects) yield { camera, reason, count }
  }

  /** What each camera asks of the device. */
  *loads(): Generator<CameraLoad & { readonly cameraId: string }> {
    for (const [cameraId, camera] of this.#cameras) yield { cameraId, ...camera.load() }
  }

  /** A camera's detect rate from now on, and why it is not what is configured; null: as configured. */
  decideRate(id: string, rate: DecidedRate | null): void {
    this.#cameras.get(id)?.decideRate(rate)
  }

  /** Results that were not asked for because rates were lowered. */
  *shedResults(): Generator<{ camera: string; count: number }> {
    for (const [camera, { shedResults }] of this.#cameras) yield { camera, count: shedResults }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const camera of this.#cameras.values()) void this.#close(camera)
    await Promise.all(this.#closing.values())
  }

  #close(camera: Camera): Promise<void> {
    const { id } = camera.config
    this.#cameras.delete(id)
    const closed = camera[Symbol.asyncDispose]().finally(() => this.#closing.delete(id))
    this.#closing.set(id, closed)
    return closed
  }
}
