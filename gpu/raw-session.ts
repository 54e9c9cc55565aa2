import * as ort from 'onnxruntime-node'
import { assert } from '#std/assert.ts'
import { messageOf } from '#std/coded-error.ts'
import type { HeadOutput } from './heads/head.ts'
import { ModelError } from './model-error.ts'

/** What is fed under one name. */
export interface RawInput {
  readonly dims: readonly number[]
  readonly data: Float32Array | BigInt64Array
}

/**
 * Any ONNX file on the CPU as it is, without card, prologue or head: what a model is verified against. Nothing that
 * serves goes this way. Runs block their thread; one at a time.
 */
export interface RawSession extends AsyncDisposable {
  readonly inputNames: readonly string[]
  /** In the order of the file. */
  run(
    feeds: Readonly<Record<string, RawInput>>,
  ): Promise<readonly (HeadOutput & { name: string })[]>
}

/** Rejects with ModelError `model_invalid`. */
export async function openRawSession(
  bytes: Uint8Array,
  options: { readonly intraOpThreads: number },
): Promise<RawSession> {
  const session = await create(bytes, options.intraOpThreads)
  return {
    inputNames: session.inputNames,
    async run(feeds) {
      const tensors = Object.entries(feeds).map(([name, { dims, data }]) => {
        const tensor =
          data instanceof Float32Array
            ? new ort.Tensor('float32', data, dims)
            : new ort.Tensor('int64', data, dims)
        return [name, tensor] as const
      })
      const found = await session.run(Object.fromEntries(tensors))
      return session.outputNames.map((name) => outputOf(name, found[name]))
    },
    async [Symbol.asyncDispose]() {
      await session.release()
    },
  }
}

async function create(bytes: Uint8Array, intraOpThreads: number): Promise<ort.InferenceSession> {
  ort.env.logLevel = 'fatal'
  try {
    return await ort.InferenceSession.create(bytes, {
      executionProviders: ['cpu'],
      intraOpNumThreads: intraOpThreads,
      interOpNumThreads: 1,
      graphOptimizationLevel: 'all',
      logSeverityLevel: 4,
      extra: { session: { intra_op: { allow_spinning: '0' } } },
    })
  } catch (cause) {
    const sentence = `onnxruntime cannot read the raw file: ${messageOf(cause)}`
    throw new ModelError('model_invalid', sentence, { cause })
  }
}

/** Copied: the memory goes back to onnxruntime. Class numbers may be int64. */
function outputOf(name: string, tensor: ort.Tensor | undefined): HeadOutput & { name: string } {
  assert(tensor !== undefined, `the session has an output “${name}”`)
  const { data, dims } = tensor
  if (data instanceof Float32Array) return { name, dims, data: data.slice() }
  assert(data instanceof BigInt64Array, `output “${name}” is float32 or int64`)
  return { name, dims, data: Float32Array.from(data, Number) }
}
