import { CodedError } from '#std/coded-error.ts'

/**
 * `ffmpeg_missing`: none found, or the configured one does not run; `ffmpeg_too_old`: before 5.1; `ffmpeg_unfit`: it
 * runs, but loses, delays or re-times frames.
 */
export class FfmpegError extends CodedError<'ffmpeg_missing' | 'ffmpeg_too_old' | 'ffmpeg_unfit'> {
  override readonly name = 'FfmpegError'
}
