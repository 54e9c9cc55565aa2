import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { disagreementOf, type LockedPackage } from './package-lock.mjs'

const linux = { os: 'linux', cpu: 'x64', libc: 'glibc' }

function locked(fields: Partial<LockedPackage> = {}): LockedPackage {
  const none: readonly string[] = []
  return {
    version: '1.0.0',
    integrity: 'sha512-a',
    isOptional: false,
    os: none,
    cpu: none,
    libc: none,
    ...fields,
  }
}

const ws = { 'node_modules/ws': locked() }
const native = (fields: Partial<LockedPackage>): Record<string, LockedPackage> => ({
  'node_modules/native': locked({ isOptional: true, ...fields }),
})

const cases: readonly {
  readonly name: string
  readonly wanted: Record<string, LockedPackage>
  readonly installed: Record<string, LockedPackage>
  readonly answer: string | null
}[] = [
  {
    name: 'a package that is missing',
    wanted: ws,
    installed: {},
    answer: 'node_modules/ws is missing',
  },
  {
    name: 'another version',
    wanted: ws,
    installed: { 'node_modules/ws': locked({ version: '0.9.0' }) },
    answer: 'node_modules/ws is 0.9.0, not 1.0.0',
  },
  {
    name: 'other contents of the same version',
    wanted: ws,
    installed: { 'node_modules/ws': locked({ integrity: 'sha512-b' }) },
    answer: 'node_modules/ws is 1.0.0 with other contents',
  },
  {
    name: 'a package that nobody asked for',
    wanted: {},
    installed: ws,
    answer: 'node_modules/ws is installed but not in package-lock.json',
  },
  {
    name: 'native code for this machine that npm left out',
    wanted: native({ os: ['linux'], cpu: ['x64'], libc: ['glibc'] }),
    installed: {},
    answer: 'node_modules/native is missing',
  },
  { name: 'the same', wanted: ws, installed: ws, answer: null },
  {
    name: 'native code for another system',
    wanted: native({ os: ['darwin'] }),
    installed: {},
    answer: null,
  },
  {
    name: 'native code for another C library',
    wanted: native({ os: ['linux'], cpu: ['x64'], libc: ['musl'] }),
    installed: {},
    answer: null,
  },
  {
    name: 'native code for any system but this one',
    wanted: native({ os: ['!linux'] }),
    installed: {},
    answer: null,
  },
  {
    name: 'an optional package whose script failed',
    wanted: native({}),
    installed: {},
    answer: null,
  },
]

for (const { name, wanted, installed, answer } of cases)
  test(`installed against wanted: ${name}`, () => {
    const result = disagreementOf(
      new Map(Object.entries(wanted)),
      new Map(Object.entries(installed)),
      linux,
    )
    assert.equal(result, answer)
  })

test('package-lock.json names the native packages of every platform', () => {
  // npm leaves out those that the registry of the day does not have; `npm ci` then refuses the file everywhere.
  const text = readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8')
  const lock: { packages: Record<string, { optionalDependencies?: Record<string, string> }> } =
    JSON.parse(text)
  const names = new Set(
    Object.keys(lock.packages).map((place) => place.replace(/^.*node_modules\//, '')),
  )
  const missing = Object.values(lock.packages)
    .flatMap(({ optionalDependencies }) => Object.keys(optionalDependencies ?? {}))
    .filter((name) => !names.has(name))
  assert.deepEqual(missing, [])
})
