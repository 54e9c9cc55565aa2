import assert from 'node:assert/strict'
import { test } from 'node:test'
import { usableCores } from './usable-cores.ts'

const cases: readonly {
  readonly name: string
  readonly files: Readonly<Record<string, string>>
  readonly cores: number
}[] = [
  { name: 'no control groups', files: {}, cores: 8 },
  {
    name: 'version 2 without a quota',
    files: { '/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/cpu.max': 'max 100000\n' },
    cores: 8,
  },
  {
    name: 'version 2, a container with a core and a half',
    files: { '/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/cpu.max': '150000 100000\n' },
    cores: 1.5,
  },
  {
    name: 'version 2, a service whose slice has less than itself',
    files: {
      '/proc/self/cgroup': '0::/a.slice/b.service\n',
      '/sys/fs/cgroup/a.slice/b.service/cpu.max': '400000 100000\n',
      '/sys/fs/cgroup/a.slice/cpu.max': '300000 100000\n',
    },
    cores: 3,
  },
  {
    name: 'version 1 with a quota',
    files: {
      '/proc/self/cgroup': '4:memory:/x\n3:cpu,cpuacct:/docker/1\n0::/\n',
      '/sys/fs/cgroup/cpu/docker/1/cpu.cfs_quota_us': '200000\n',
      '/sys/fs/cgroup/cpu/docker/1/cpu.cfs_period_us': '100000\n',
    },
    cores: 2,
  },
  {
    name: "version 1, the host's path not to be seen from inside",
    files: {
      '/proc/self/cgroup': '3:cpu:/docker/1\n',
      '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '50000\n',
      '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n',
    },
    cores: 0.5,
  },
  {
    name: 'version 1 without a quota',
    files: {
      '/proc/self/cgroup': '1:cpu:/\n',
      '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '-1\n',
      '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n',
    },
    cores: 8,
  },
  {
    name: 'a quota beyond the cores',
    files: { '/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/cpu.max': '9900000 100000\n' },
    cores: 8,
  },
  {
    name: 'nonsense in the file',
    files: { '/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/cpu.max': 'hello' },
    cores: 8,
  },
]

for (const { name, files, cores } of cases)
  test(`Cores of a machine of eight: ${name}.`, () => {
    assert.equal(
      usableCores((path) => files[path] ?? null, 8),
      cores,
    )
  })

test('This machine has some.', () => {
  assert.ok(usableCores() > 0)
})
