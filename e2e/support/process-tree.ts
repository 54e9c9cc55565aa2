import { readdirSync, readFileSync } from 'node:fs'

export interface ProcessInfo {
  readonly pid: number
  readonly parentPid: number
  readonly command: string
}

/** Every process below `pid`, children's children too. Linux only: reads /proc. */
export function descendantsOf(pid: number): readonly ProcessInfo[] {
  const all = processes()
  const found: ProcessInfo[] = []
  const parents = new Set([pid])
  for (let grew = true; grew;) {
    grew = false
    for (const process of all)
      if (parents.has(process.parentPid) && !parents.has(process.pid)) {
        parents.add(process.pid)
        found.push(process)
        grew = true
      }
  }
  return found
}

export function isAlive(pid: number): boolean {
  return processes().some((process) => process.pid === pid)
}

/** User and system CPU seconds a process has used, its ended children left out; 0 when it is gone. */
export function cpuSecondsOf(pid: number): number {
  const fields = statOf(pid)
  if (fields === null) return 0
  // proc(5): utime and stime are fields 14 and 15, in ticks of 1/100 s.
  return (Number(fields[11]) + Number(fields[12])) / 100
}

function processes(): readonly ProcessInfo[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const pid = Number(name)
      const fields = statOf(pid)
      // A zombie is not alive: it waits for its parent to read its exit code.
      if (fields === null || fields[0] === 'Z') return []
      return [{ pid, parentPid: Number(fields[1]), command: commandOf(pid) }]
    })
}

/** Fields of /proc/PID/stat from `state` on; null when the process is gone. */
function statOf(pid: number): readonly string[] | null {
  const text = readOrEmpty(`/proc/${pid}/stat`)
  if (text === '') return null
  return text.slice(text.lastIndexOf(')') + 2).split(' ')
}

function commandOf(pid: number): string {
  return readOrEmpty(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim()
}

/** A process may end between the listing and the read. */
function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
