import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

/** `npm run pipeline -- ...` as a person types it. */
export function runPipeline(...args: readonly string[]): {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
} {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(import.meta.dirname, 'main.ts'), ...args],
    { encoding: 'utf8', timeout: 110_000, maxBuffer: 64 * 1024 * 1024 },
  )
  return { status, stdout, stderr }
}
