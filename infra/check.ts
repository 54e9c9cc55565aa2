import { spawn } from 'node:child_process'

/** The static checks, one after the other: all of them, so that one run names every fault. */
const checks: readonly (readonly [name: string, program: string, args: readonly string[]])[] = [
  ['types', 'tsc', ['-p', '.']],
  [
    'types of the viewer',
    'svelte-check',
    ['--tsconfig', 'client/tsconfig.json', '--output', 'human'],
  ],
  ['lint', 'oxlint', ['--type-aware']],
  ['format', 'prettier', ['--check', '--log-level', 'warn', '.']],
  ['unused', 'knip', ['--no-progress']],
]

async function main(): Promise<number> {
  const failed: string[] = []
  for (const [name, program, args] of checks) {
    const startedAtMs = performance.now()
    const code = await run(program, args)
    const took = ((performance.now() - startedAtMs) / 1000).toFixed(1)
    console.log(`check: ${name} (${program}) ${code === 0 ? 'passed' : 'FAILED'}  ${took} s`)
    if (code !== 0) failed.push(name)
  }
  console.log(failed.length === 0 ? 'check: all passed' : `check: failed: ${failed.join(', ')}`)
  return failed.length === 0 ? 0 : 1
}

function run(program: string, args: readonly string[]): Promise<number> {
  const child = spawn(`node_modules/.bin/${program}`, [...args], {
    stdio: ['ignore', 'inherit', 'inherit'],
    // These programs are scripts for `node`: they are to run on this one, however the check was started.
    env: { ...process.env, PATH: `node_modules/.bin:${process.env['PATH'] ?? ''}` },
  })
  return new Promise((resolve) => {
    child.once('error', (error) => {
      console.error(error.message)
      resolve(127)
    })
    child.once('exit', (code) => resolve(code ?? 1))
  })
}

process.exitCode = await main()
