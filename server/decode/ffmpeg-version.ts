/** As much of a version as decides anything. */
export interface FfmpegVersion {
  /** As FFmpeg prints it: `5.1.9-0+deb12u1`, `n7.1`, `N-118448-g1a2b3c4`. */
  readonly text: string
  /** Null for a build from git that has no number: the probe decides alone. */
  readonly release: { readonly major: number; readonly minor: number } | null
}

/** From the first line of `ffmpeg -version`; null when it is another program's. */
export function parseFfmpegVersion(output: string): FfmpegVersion | null {
  const text = /^ffmpeg version (\S+)/m.exec(output)?.[1]
  if (text === undefined) return null
  // A Debian epoch (`7:5.1.9`) and the `n` of FFmpeg's own tags may come before the number.
  const number = /^(?:\d+:)?n?(\d+)(?:\.(\d+))?(?![\da-z])/.exec(text)
  // Builds from git: `N-118448-g1a2b3c4`; nightly ones carry a date: `2024-05-06-git-96449cfeae`.
  if (number === null || /^\d{4}-\d\d-\d\d/.test(text)) return { text, release: null }
  return { text, release: { major: Number(number[1]), minor: Number(number[2] ?? 0) } }
}

/** 5.1 brought `-fps_mode`; before it, frames cannot be passed through one by one without a deprecated option. */
export function isTooOld(version: FfmpegVersion): boolean {
  if (version.release === null) return false
  const { major, minor } = version.release
  return major < 5 || (major === 5 && minor < 1)
}
