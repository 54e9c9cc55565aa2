import { readIfThere } from './files.mjs'

/**
 * @typedef {object} LockedPackage
 * @property {string} version
 * @property {string} integrity
 * @property {boolean} isOptional
 * @property {readonly string[]} os
 * @property {readonly string[]} cpu
 * @property {readonly string[]} libc
 */

/** @typedef {ReadonlyMap<string, LockedPackage>} Lock By its place, such as `node_modules/ws`. */

/**
 * package-lock.json, or the like file that npm leaves in node_modules; null where it is absent or cut off.
 * @param {string} path
 * @returns {Lock | null}
 */
export function readLock(path) {
  const bytes = readIfThere(path)
  if (bytes === null) return null
  try {
    const { packages } = record(JSON.parse(bytes.toString()))
    const places = Object.entries(record(packages)).filter(([place]) => place !== '')
    return new Map(places.map(([place, value]) => [place, lockedPackage(record(value))]))
  } catch {
    // Written half or by another program: as good as none.
    return null
  }
}

/**
 * Why what is installed is not what the lock file asks for, by the first such package; null where it is. An optional
 * package may be missing unless it is native code for this machine: npm leaves it out without a word when its download
 * fails.
 * @param {Lock} wanted
 * @param {Lock} installed
 * @param {{ os: string, cpu: string, libc: string | null }} machine
 * @returns {string | null}
 */
export function disagreementOf(wanted, installed, machine) {
  for (const [place, want] of wanted) {
    const found = installed.get(place)
    if (found === undefined) {
      if (want.isOptional && !isNativeFor(want, machine)) continue
      return `${place} is missing`
    }
    if (found.version !== want.version) return `${place} is ${found.version}, not ${want.version}`
    if (found.integrity !== want.integrity) return `${place} is ${want.version} with other contents`
  }
  const extra = [...installed.keys()].find((place) => !wanted.has(place))
  return extra === undefined ? null : `${extra} is installed but not in package-lock.json`
}

/**
 * @param {LockedPackage} each
 * @param {{ os: string, cpu: string, libc: string | null }} machine
 */
function isNativeFor({ os, cpu, libc }, machine) {
  if (os.length === 0 && cpu.length === 0) return false
  return allows(os, machine.os) && allows(cpu, machine.cpu) && allows(libc, machine.libc)
}

/**
 * @param {readonly string[]} names
 * @param {string | null} ours
 */
function allows(names, ours) {
  if (names.length === 0) return true
  if (names.some((name) => name.startsWith('!'))) return !names.includes(`!${ours ?? ''}`)
  return ours !== null && names.includes(ours)
}

/**
 * @param {Readonly<Record<string, unknown>>} fields
 * @returns {LockedPackage}
 */
function lockedPackage({ version, integrity, optional, os, cpu, libc }) {
  return {
    version: string(version),
    integrity: string(integrity),
    isOptional: optional === true,
    os: strings(os),
    cpu: strings(cpu),
    libc: strings(libc),
  }
}

/** @param {unknown} value */
function string(value) {
  return typeof value === 'string' ? value : ''
}

/**
 * A lone name stands for a list of one.
 * @param {unknown} value
 * @returns {readonly string[]}
 */
function strings(value) {
  if (typeof value === 'string') return [value]
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : []
}

/**
 * @param {unknown} value
 * @returns {Readonly<Record<string, unknown>>}
 */
function record(value) {
  if (typeof value !== 'object' || value === null) throw new TypeError('not an object')
  return { ...value }
}
