import { access, constants } from 'node:fs/promises'
import { delimiter, join, resolve } from 'node:path'
import { EngineError } from './engine-error.ts'
import type { EngineKey } from './engine-key.ts'

// TensorRT's own command line, `trtexec`, as NVIDIA's “Command-Line Programs” page and its source
// (NVIDIA/TensorRT, samples/trtexec) describe it. Untested on hardware.

/** What onnxruntime 1.30 is linked with (`libnvinfer.so.10`). */
const tensorrtMajor = 10
/** Where NVIDIA's Debian packages put it, which is on nobody's PATH. */
const packagedFolder = '/usr/src/tensorrt/bin'

/** Absolute path of the first `trtexec` of PATH or of NVIDIA's package. Rejects with EngineError. */
export async function findTrtexec(searchPath: string): Promise<string> {
  const path = await findProgram('trtexec', [...foldersOf(searchPath), packagedFolder])
  if (path !== null) return path
  const sentence = `no trtexec on PATH or in ${packagedFolder}; it comes with TensorRT ${tensorrtMajor}`
  throw new EngineError('engine_unavailable', sentence)
}

/** The driver's own tool. Rejects with EngineError. */
export async function findNvidiaSmi(searchPath: string): Promise<string> {
  const path = await findProgram('nvidia-smi', foldersOf(searchPath))
  if (path !== null) return path
  throw new EngineError('engine_unavailable', 'no nvidia-smi on PATH; it comes with the driver')
}

function foldersOf(searchPath: string): string[] {
  return searchPath.split(delimiter).filter((name) => name !== '')
}

async function findProgram(name: string, folders: readonly string[]): Promise<string | null> {
  for (const folder of folders) {
    const path = resolve(join(folder, name))
    try {
      await access(path, constants.X_OK)
      return path
    } catch {
      // Most folders of PATH hold none.
    }
  }
  return null
}

/** Any run begins with it: `&&&& RUNNING TensorRT.trtexec [TensorRT v100900] [b34] # trtexec --help`. */
export function tensorrtVersionOf(output: string): string {
  const digits = /\[TensorRT v(\d{4,6})\]/.exec(output)?.[1]
  if (digits === undefined)
    throw new EngineError('engine_unavailable', 'trtexec does not say which TensorRT it is of')
  const number = Number(digits)
  // Up to 8: major * 1,000 + minor * 100 + patch; since 10: major * 10,000 + minor * 100 + patch.
  const scale = number < 10_000 ? 1_000 : 10_000
  const major = Math.floor(number / scale)
  const version = `${major}.${Math.floor((number % scale) / 100)}.${number % 100}`
  if (major === tensorrtMajor) return version
  throw new EngineError(
    'engine_unavailable',
    `trtexec is of TensorRT ${version}; onnxruntime reads engines of TensorRT ${tensorrtMajor}`,
  )
}

/**
 * Strongly typed: the network's own types decide, FP16 and INT8 come from the ONNX file. On TensorRT 10 a file in FP16
 * without it gives an engine of FP32's size; the flags that would force a precision are gone in TensorRT 11.
 */
export function trtexecArguments(options: {
  readonly modelPath: string
  readonly enginePath: string
  readonly shapes: EngineKey['shapes']
  readonly device: number
}): string[] {
  const { smallest, optimal, largest } = options.shapes
  const shape = (sides: readonly number[]): string => `pixels:${sides.join('x')}`
  return [
    `--onnx=${options.modelPath}`,
    `--saveEngine=${options.enginePath}`,
    '--stronglyTyped',
    `--minShapes=${shape(smallest)}`,
    `--optShapes=${shape(optimal)}`,
    `--maxShapes=${shape(largest)}`,
    `--device=${options.device}`,
    '--skipInference',
  ]
}

/** In the order in which they come. Timing the kernels, nearly all of the time, passes in silence. */
const milestones: readonly (readonly [line: RegExp, share: number])[] = [
  [/&&&& RUNNING TensorRT\.trtexec/, 0],
  [/Start parsing network model/, 0.02],
  [/Finished parsing network model/, 0.05],
  [/(Local|Global) timing cache in use/, 0.1],
  [/Engine generation completed/, 0.9],
  [/Engine built in/, 0.95],
  [/Created engine with size/, 0.97],
  [/&&&& PASSED TensorRT\.trtexec/, 1],
]

/** 0..1 where a line of its output marks how far it is; null for all others. */
export function trtexecProgress(line: string): number | null {
  return milestones.find(([pattern]) => pattern.test(line))?.[1] ?? null
}

/** The sentence of an error line, `[11/24/2026-10:00:00] [E] Error[4]: …`; null for all others. */
export function trtexecFault(line: string): string | null {
  const text = /\[E\]\s*(?:\[TRT\]\s*)?(.+)$/.exec(line)?.[1] ?? null
  return text?.trim() ?? null
}
