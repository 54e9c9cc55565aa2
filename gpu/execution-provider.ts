import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { messageOf } from '#std/coded-error.ts'
import { ModelError } from './model-error.ts'

/** A provider that stands before the chosen one in the list, and why it was not taken. */
export interface PassedOver {
  readonly provider: string
  readonly reason: string
}

export interface OpenedSession<Session> {
  readonly session: Session
  readonly executionProvider: string
  readonly passedOver: readonly PassedOver[]
}

/**
 * Opens a session on the first provider of the list that loads; says which. onnxruntime has no fallback of its own:
 * a provider that cannot load throws. Throws ModelError `provider_unavailable` naming the missing library of each.
 * Only `cpu` was tried on real hardware; `cuda` and `tensorrt` were tried only where they are missing.
 */
export async function openOnFirstProvider<Session>(
  providers: readonly string[],
  open: (provider: string) => Promise<Session>,
  libraries: ProviderLibraries = installedLibraries,
): Promise<OpenedSession<Session>> {
  const passedOver: PassedOver[] = []
  for (const provider of providers) {
    const missing = libraries.missing(provider)
    if (missing === null)
      try {
        return { session: await open(provider), executionProvider: provider, passedOver }
      } catch (error) {
        // A model that no provider can read is not the provider's fault.
        if (provider === 'cpu') throw error
        passedOver.push({ provider, reason: libraries.explain(provider) ?? messageOf(error) })
      }
    else passedOver.push({ provider, reason: missing })
  }
  throw new ModelError(
    'provider_unavailable',
    `no execution provider of the list [${providers.join(', ')}] can be loaded. ${describePassedOver(passedOver)}`,
  )
}

/** `tensorrt: libnvinfer.so.10: cannot open …. cuda: …` */
export function describePassedOver(passedOver: readonly PassedOver[]): string {
  return passedOver.map(({ provider, reason }) => `${provider}: ${reason}`).join('. ')
}

/** What onnxruntime-node passes on of a provider's options: the ordinal of the GPU and nothing else. */
export function providerOption(
  provider: string,
  deviceId: number,
): string | { readonly name: string; readonly deviceId: number } {
  return provider === 'cpu' ? provider : { name: provider, deviceId }
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

/** The vendor's packages, by how their libraries' names begin. Versions: what onnxruntime 1.30 is linked with. */
const packagesOfLibraries: readonly (readonly [prefix: string, name: string])[] = [
  ['libnvinfer', 'TensorRT 10'],
  ['libnvonnxparser', 'TensorRT 10'],
  ['libcudnn', 'cuDNN 9'],
  ['libcublas', 'CUDA 13'],
  ['libcudart', 'CUDA 13'],
  ['libcufft', 'CUDA 13'],
  ['libcurand', 'CUDA 13'],
  ['libnvrtc', 'CUDA 13'],
  ['libcuda.so', 'the NVIDIA driver'],
]

/** Libraries of the providers in one folder. */
export function librariesIn(
  folder: string,
  platform: NodeJS.Platform = process.platform,
): ProviderLibraries {
  return {
    missing(provider) {
      const names = libraryNames[provider]
      if (names === undefined) return 'onnxruntime has no provider of this name here'
      if (names.length > 0 && platform !== 'linux') return 'there is one for Linux only'
      const absent = names.find((name) => !existsSync(join(folder, name)))
      return absent === undefined ? null : `${absent} is missing in ${folder}`
    },
    explain(provider) {
      for (const name of libraryNames[provider] ?? []) {
        const refusal = loaderRefusal(join(folder, name))
        if (refusal !== null) return refusal
      }
      return null
    },
  }
}

/** Beside onnxruntime-node's binding, where onnxruntime looks for its providers. */
export const installedLibraries: ProviderLibraries = librariesIn(bindingFolder())

/** `libcudnn.so.9: cannot open shared object file: … (it belongs to cuDNN 9)`; null when it loads. */
function loaderRefusal(path: string): string | null {
  try {
    process.dlopen({ exports: {} }, path)
    return null
  } catch (error) {
    const text = messageOf(error)
    // A library that loads is no Node module: what is looked for is the one that does not load.
    if (text.includes('did not self-register')) return null
    const owner = packagesOfLibraries.find(([prefix]) => text.startsWith(prefix))
    return owner === undefined ? text : `${text} (it belongs to ${owner[1]})`
  }
}

function bindingFolder(): string {
  const main = createRequire(import.meta.url).resolve('onnxruntime-node')
  return join(dirname(main), '../bin/napi-v6', process.platform, process.arch)
}
