import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'

/** The interpreter of the set-up step `python:eval`, which has pycocotools; null where that was not run. */
export function pythonOfEval(): string | null {
  const path = join(
    resolve(process.env['SIGHTLINE_DATA'] ?? 'data'),
    'python',
    'eval',
    'bin',
    'python',
  )
  return existsSync(path) ? path : null
}

/** Why a comparison with Python is left out; false where it is to run: the environment is there, or CI asks for it. */
export function leftOut(): string | false {
  if (pythonOfEval() !== null || process.env['CI'] === 'true') return false
  return 'no Python environment of the set-up step python:eval (pycocotools)'
}

/** Runs a script of `pipeline/reference` with JSON on stdin; its JSON. Throws with what it said. */
export function runReference(script: string, input: unknown): unknown {
  const python = pythonOfEval()
  if (python === null) throw new Error('run the set-up step python:eval first')
  const path = join(import.meta.dirname, 'reference', script)
  const { status, stdout, stderr } = spawnSync(python, [path], {
    input: JSON.stringify(input),
    encoding: 'utf8',
    maxBuffer: 256 * 1024 * 1024,
    timeout: 110_000,
  })
  if (status !== 0) throw new Error(`${script} ended with ${status}: ${stderr}`)
  return JSON.parse(stdout)
}
