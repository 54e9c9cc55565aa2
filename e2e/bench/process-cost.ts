import { readdirSync, readFileSync } from 'node:fs'
import { cpuSecondsOf, descendantsOf } from '../support/process-tree.ts'

export const costGroups = ['main', 'inference', 'other threads', 'decode', 'media', 'rest'] as const
export type CostGroup = (typeof costGroups)[number]

/** CPU seconds since their start, by what they were spent on, of a server process and its children. Linux only. */
export function cpuByGroup(serverPid: number): Readonly<Record<CostGroup, number>> {
  const cost = {
    main: 0,
    inference: 0,
    'other threads': 0,
    decode: 0,
    media: 0,
    rest: 0,
  } satisfies Record<CostGroup, number>
  for (const { tid, name, cpuSeconds } of threadsOf(serverPid))
    if (tid === serverPid) cost.main += cpuSeconds
    else if (name.includes('inference')) cost.inference += cpuSeconds
    else cost['other threads'] += cpuSeconds
  for (const child of descendantsOf(serverPid))
    cost[groupOf(child.command)] += cpuSecondsOf(child.pid)
  return cost
}

/** CPU seconds of what is not the product: the cameras' process and this one, which subscribes. */
export function cpuOfBench(): { readonly cameras: number; readonly subscriber: number } {
  const cameras = descendantsOf(process.pid)
    .filter(({ command }) => command.includes('rtsp-camera-child'))
    .reduce((sum, { pid }) => sum + cpuSecondsOf(pid), 0)
  return { cameras, subscriber: cpuSecondsOf(process.pid) }
}

/** CPU seconds since boot of everything on the machine, interrupts and stolen time too (proc(5), /proc/stat). */
export function cpuOfMachine(): number {
  const [line = ''] = readFileSync('/proc/stat', 'utf8').split('\n')
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = line
    .split(/\s+/)
    .slice(1)
    .map(Number)
  return (user + nice + system + irq + softirq + steal) / 100
}

/** Resident memory in MiB, by the same groups; threads share the server's own. */
export function memoryByGroup(serverPid: number): Readonly<Partial<Record<CostGroup, number>>> {
  const memory: Partial<Record<CostGroup, number>> = { main: residentMib(serverPid) }
  for (const child of descendantsOf(serverPid)) {
    const group = groupOf(child.command)
    memory[group] = (memory[group] ?? 0) + residentMib(child.pid)
  }
  return memory
}

function groupOf(command: string): CostGroup {
  if (command.includes('mediasoup-worker')) return 'media'
  if (command.includes('inference')) return 'inference'
  return command.includes('ffmpeg') ? 'decode' : 'rest'
}

interface Thread {
  readonly tid: number
  readonly name: string
  readonly cpuSeconds: number
}

function threadsOf(pid: number): readonly Thread[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((task) => {
    try {
      const text = readFileSync(`/proc/${pid}/task/${task}/stat`, 'utf8')
      const name = text.slice(text.indexOf('(') + 1, text.lastIndexOf(')'))
      const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
      const cpuSeconds = (Number(fields[11]) + Number(fields[12])) / 100
      return [{ tid: Number(task), name, cpuSeconds }]
    } catch {
      // It ended since the listing.
      return []
    }
  })
}

/** proc(5): the second field of statm is resident pages, of 4 KiB. */
function residentMib(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) / 256
  } catch {
    return 0
  }
}
