import { spawn } from 'node:child_process'
import { messageOf } from '#std/coded-error.ts'
import { EngineError } from './engine-error.ts'
import { readLines } from './output-lines.ts'

export type RunProgram = (
  program: string,
  args: readonly string[],
  onLine?: (line: string) => void,
) => Promise<ProgramEnd>

export interface ProgramEnd {
  /** Null: a signal ended it. */
  readonly exitCode: number | null
  readonly signal: NodeJS.Signals | null
  /** The first lines of both outputs, and the last ones. */
  readonly head: string
  readonly tail: readonly string[]
}

/** More than the banner and the help of trtexec are of no interest. */
const headLengthMax = 4_096
const tailLinesMax = 20

/**
 * Runs a program to its end, its two outputs read as one. It inherits the environment: CUDA and TensorRT are found
 * through it. Has no time limit: the process that runs it has. Rejects with EngineError where it cannot be started.
 */
export const runProgram: RunProgram = (program, args, onLine = () => {}) =>
  new Promise((resolve, reject) => {
    let head = ''
    const tail: string[] = []
    const take = (line: string): void => {
      if (head.length < headLengthMax) head += `${line}\n`
      tail.push(line)
      if (tail.length > tailLinesMax) tail.shift()
      onLine(line)
    }
    const child = spawn(program, [...args], { stdio: ['ignore', 'pipe', 'pipe'] })
    readLines(child.stdout, take)
    readLines(child.stderr, take)
    child.on('error', (cause) => {
      const sentence = `${program} cannot be run: ${messageOf(cause)}`
      reject(new EngineError('engine_unavailable', sentence, { cause }))
    })
    child.on('close', (exitCode, signal) => resolve({ exitCode, signal, head, tail }))
  })
