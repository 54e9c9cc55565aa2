import { findFfmpeg } from './find-ffmpeg.ts'

/** For tests and benches, which pass `process.env`: the program that the server would use here. */
export async function ffmpegOfThisMachine(
  env: Readonly<Record<string, string | undefined>>,
): Promise<string> {
  const configuredPath = env['SIGHTLINE_FFMPEG'] ?? null
  return (await findFfmpeg({ configuredPath, searchPath: env['PATH'] ?? '' })).path
}
