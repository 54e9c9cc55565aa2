import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { z } from 'zod'
import type { HeadOutput } from '#gpu/heads/head.ts'
import { messageOf } from '#std/coded-error.ts'
import type { ReferenceInput } from './reference-input.ts'

export type PythonRun =
  | { readonly kind: 'left out'; readonly reason: string }
  | {
      readonly kind: 'ran'
      /** Of onnxruntime. */
      readonly version: string
      /** By input, in the order of the file. */
      readonly outputs: readonly (readonly (HeadOutput & { readonly name: string })[])[]
    }

const script = join(import.meta.dirname, 'reference', 'onnx_outputs.py')
const limitMs = 120_000

const answerSchema = z.object({
  version: z.string(),
  cases: z.array(z.array(z.object({ name: z.string(), dims: z.array(z.int()), file: z.string() }))),
})

/** What onnxruntime's Python package makes of the same file and the same numbers. */
export async function runOnPython(options: {
  /** null: there is no environment for it. */
  readonly python: string | null
  readonly raw: Uint8Array
  readonly inputs: readonly ReferenceInput[]
  readonly layout: 'nchw' | 'nhwc'
  readonly signal: AbortSignal
}): Promise<PythonRun> {
  const { python, raw, inputs, layout, signal } = options
  if (python === null) return { kind: 'left out', reason: 'no Python environment' }
  const folder = await mkdtemp(join(tmpdir(), 'sightline-onnx-'))
  try {
    const model = join(folder, 'model.onnx')
    await writeFile(model, raw)
    const cases: { readonly dims: readonly number[]; readonly file: string }[] = []
    for (const [index, { data, width, height }] of inputs.entries()) {
      const file = join(folder, `${index}.in`)
      await writeFile(file, new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
      cases.push({ file, dims: layout === 'nchw' ? [1, 3, height, width] : [1, height, width, 3] })
    }
    const { stdout } = await promisify(execFile)(
      python,
      [script, JSON.stringify({ model, cases, folder })],
      { timeout: limitMs, signal },
    )
    const answer = answerSchema.parse(JSON.parse(stdout))
    const outputs = await Promise.all(
      answer.cases.map((files) => Promise.all(files.map(readOutput))),
    )
    return { kind: 'ran', version: answer.version, outputs }
  } catch (error) {
    if (signal.aborted) throw error
    // Where the package is missing there is nothing to compare with; a run that fails is no verdict on the model.
    return { kind: 'left out', reason: messageOf(error).trim().split('\n').at(-1) ?? '' }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function readOutput(output: {
  readonly name: string
  readonly dims: readonly number[]
  readonly file: string
}): Promise<HeadOutput & { readonly name: string }> {
  const bytes = await readFile(output.file)
  const { buffer } = Uint8Array.from(bytes)
  return { name: output.name, dims: output.dims, data: new Float32Array(buffer) }
}
