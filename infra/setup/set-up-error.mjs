/**
 * Something that the person at the keyboard can put right; its message is the one sentence that they see. The set-up
 * goes on with what does not depend on it and ends with exit code 2.
 */
export class SetUpError extends Error {
  /** Debian packages whose installation by root would put it right. */
  debianPackages

  /**
   * @param {string} sentence
   * @param {{ debianPackages?: readonly string[], cause?: unknown }} [options]
   */
  constructor(sentence, options = {}) {
    super(sentence, { cause: options.cause })
    this.debianPackages = options.debianPackages ?? []
  }
}

/** Something that the product can do without: said, and not a failure. */
export class LeftOut extends Error {}

/** Ctrl-C: whatever was under way is to be given up. */
export class Interrupted extends Error {}

/**
 * @param {unknown} error
 * @returns {string}
 */
export function messageOf(error) {
  return error instanceof Error ? error.message : String(error)
}

/**
 * The `code` of a system error, such as ENOENT.
 * @param {unknown} error
 * @returns {string | null}
 */
export function codeOf(error) {
  if (!(error instanceof Error) || !('code' in error)) return null
  return typeof error.code === 'string' ? error.code : null
}
