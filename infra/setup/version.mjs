/**
 * The numbers at the start of a version, `n7.1-dev` read as `[7, 1]`; null where there are none.
 * @param {string} text
 * @returns {readonly number[] | null}
 */
export function parseVersion(text) {
  const match = /^[nv]?(\d+(?:\.\d+)*)/.exec(text)
  return match?.[1]?.split('.').map(Number) ?? null
}

/**
 * @param {readonly number[]} version
 * @param {readonly number[]} least
 * @returns {boolean}
 */
export function isAtLeast(version, least) {
  for (const [index, wanted] of least.entries()) {
    const found = version[index] ?? 0
    if (found !== wanted) return found > wanted
  }
  return true
}
