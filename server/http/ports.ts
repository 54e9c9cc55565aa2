import type { CameraConfig } from '#config/camera.ts'
import type { CameraView, Readiness, SystemView } from '#protocol/api.ts'
import type { ModelActivation, ModelsView } from '#protocol/models.ts'
import type { SloView } from '#protocol/slo.ts'
import type { Relay } from '../relay/relay.ts'

/** What the API needs of the rest of the server. */
export interface ApiPorts {
  readonly cameras: CameraDirectory
  readonly models: {
    list(): Promise<ModelsView>
    /** Rejects with a CodedError where the model cannot serve; then nothing has changed. */
    activate(name: string): Promise<ModelActivation>
  }
  readonly relay: Pick<Relay, 'watch' | 'unwatch'>
  readonly readiness: () => Readiness
  readonly system: () => SystemView
  readonly slo: () => SloView
  readonly metrics: { readonly contentType: string; text(): Promise<string> }
}

/** The cameras as REST shows and changes them. */
export interface CameraDirectory {
  list(): readonly CameraView[]
  get(id: string): CameraView | null
  /** Throws CameraError `camera_exists` or `too_many_cameras`. */
  create(config: CameraConfig): CameraView
  /** Throws CameraError `not_found` or `camera_managed_by_file`. */
  remove(id: string): Promise<void>
}
