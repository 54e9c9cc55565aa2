import { CodedError } from '#std/coded-error.ts'

export type CameraCode =
  'camera_exists' | 'not_found' | 'camera_managed_by_file' | 'too_many_cameras'

export class CameraError extends CodedError<CameraCode> {
  override readonly name = 'CameraError'
}
