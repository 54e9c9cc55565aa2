import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'

/** Answers a file's text, or null where there is none. */
export type ReadText = (path: string) => string | null

/**
 * How many cores this process may use at once: those it is allowed to run on, or fewer where a control group of its own
 * or above it has a quota. A quota of one and a half cores is 1.5.
 */
export function usableCores(
  read: ReadText = readOrNull,
  allowed: number = availableParallelism(),
): number {
  return Math.min(allowed, ...quotasV2(read), ...quotasV1(read))
}

const mount = '/sys/fs/cgroup'

/** Linux: Documentation/admin-guide/cgroup-v2.rst, `cpu.max`: quota or `max`, and the period. */
function quotasV2(read: ReadText): number[] {
  return groupsOf(read, '').flatMap((group) => {
    const [quota, period] = (read(join(mount, group, 'cpu.max')) ?? '').split(/\s+/)
    return coresOf(Number(quota), Number(period))
  })
}

/** Linux: Documentation/scheduler/sched-bwc.rst; a quota of -1 is none. */
function quotasV1(read: ReadText): number[] {
  return groupsOf(read, 'cpu').flatMap((group) => {
    const folder = join(mount, 'cpu', group)
    const quota = read(join(folder, 'cpu.cfs_quota_us'))
    return coresOf(Number(quota), Number(read(join(folder, 'cpu.cfs_period_us'))))
  })
}

function coresOf(quota: number, period: number): number[] {
  return quota > 0 && period > 0 ? [quota / period] : []
}

/**
 * The process's group of a controller (the empty name in version 2) and all above it, as `/proc/self/cgroup` has them
 * (cgroups(7)): `1:cpu,cpuacct:/a/b`. In a container the path may be the host's: its root is looked at always.
 */
function groupsOf(read: ReadText, controller: string): readonly string[] {
  const groups = ['/']
  for (const line of (read('/proc/self/cgroup') ?? '').split('\n')) {
    const [, controllers = '', ...path] = line.split(':')
    if (path.length === 0 || !controllers.split(',').includes(controller)) continue
    for (let group = path.join(':'); group.length > 1; group = dirname(group)) groups.push(group)
  }
  return groups
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    // No such system, version or controller: no quota.
    return null
  }
}
