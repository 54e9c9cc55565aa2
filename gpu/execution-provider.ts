import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { messageOf } from '#std/coded-error.ts'
import { ModelError } from './model-error.ts'

/**
 * Opens a session on the first provider of the list that loads; says which. onnxruntime has no fallback of its own:
 * a provider that cannot load throws. Throws ModelError `provider_unavailable` naming the missing library of each.
 * Only `cpu` was tried on real hardware; `cuda` and `tensorrt` were tried only where they are missing.
 */
export async function openOnFirstProvider<Session>(
  providers: readonly string[],
  open: (provider: string) => Promise<Session>,
  libraries: ProviderLibraries = installedLibraries,
): Promise<{ readonly session: Session; readonly executionProvider: string }> {
  const failures: string[] = []
  for (const provider of providers) {
    const missing = libraries.missing(provider)
    if (missing === null)
      try {
        return { session: await open(provider), executionProvider: provider }
      } catch (error) {
        // A model that no provider can read is not the provider's fault.
        if (provider === 'cpu') throw error
        failures.push(`${provider}: ${libraries.explain(provider) ?? messageOf(error)}`)
      }
    else failures.push(`${provider}: ${missing}`)
  }
  throw new ModelError(
    'provider_unavailable',
    `no execution provider of the list [${providers.join(', ')}] can be loaded. ${failures.join('. ')}`,
  )
}

export interface ProviderLibraries {
  /** Why the provider cannot load, seen without asking onnxruntime, which would print to stderr; null: it may. */
  missing(provider: string): string | null
  /** The loader's own words after a failure; null when the libraries load. */
  explain(provider: string): string | null
}

const libraryNames: Readonly<Record<string, readonly string[]>> = {
  cpu: [],
  cuda: ['libonnxruntime_providers_shared.so', 'libonnxruntime_providers_cuda.so'],
  tensorrt: ['libonnxruntime_providers_shared.so', 'libonnxruntime_providers_tensorrt.so'],
}

/** Beside onnxruntime-node's binding, where onnxruntime looks for its providers. */
export const installedLibraries: ProviderLibraries = {
  missing(provider) {
    const names = libraryNames[provider]
    if (names === undefined) return 'onnxruntime has no provider of this name here'
    if (names.length > 0 && process.platform !== 'linux') return 'there is one for Linux only'
    const absent = names.find((name) => !existsSync(join(bindingFolder(), name)))
    return absent === undefined ? null : `${absent} is missing in ${bindingFolder()}`
  },
  explain(provider) {
    for (const name of libraryNames[provider] ?? [])
      try {
        process.dlopen({ exports: {} }, join(bindingFolder(), name))
      } catch (error) {
        const text = messageOf(error)
        // A library that loads is "no Node module": what is looked for is the one that does not, `libcudnn.so.9: …`.
        if (text.includes('cannot open shared object file')) return text
      }
    return null
  },
}

function bindingFolder(): string {
  const main = createRequire(import.meta.url).resolve('onnxruntime-node')
  return join(dirname(main), '../bin/napi-v6', process.platform, process.arch)
}
