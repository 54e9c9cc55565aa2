import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { after, test } from 'node:test'
import { ConfigError } from './config-error.ts'
import { configFrom, isLoopback } from './load.ts'

const folder = mkdtempSync(join(tmpdir(), 'sightline-config-'))
after(() => rmSync(folder, { recursive: true }))
const file = join(folder, 'c.yaml')
writeFileSync(file, 'port: 9000\nrtcPort: 9001\ncameras: [{id: a, url: "rtsp://h/x"}]\n')

const refused: readonly {
  readonly name: string
  readonly env: Record<string, string>
  readonly code: string
  readonly says: RegExp
}[] = [
  {
    name: 'a named file that is not there',
    env: { SIGHTLINE_CONFIG: join(folder, 'none.yaml') },
    code: 'config_unreadable',
    says: /none\.yaml/,
  },
  {
    name: 'a port that is no number',
    env: { SIGHTLINE_CONFIG: file, SIGHTLINE_PORT: '80a' },
    code: 'config_invalid',
    says: /SIGHTLINE_PORT: “80a”/,
  },
  {
    name: 'a port beyond 65535',
    env: { SIGHTLINE_CONFIG: file, SIGHTLINE_RTC_PORT: '70000' },
    code: 'config_invalid',
    says: /^SIGHTLINE_RTC_PORT: /,
  },
  {
    name: 'a demo switch that is neither on nor off',
    env: { SIGHTLINE_CONFIG: file, SIGHTLINE_DEMO: 'maybe' },
    code: 'config_invalid',
    says: /SIGHTLINE_DEMO: “maybe”/,
  },
  {
    name: 'an address that the network reaches, without access control',
    env: { SIGHTLINE_CONFIG: file, SIGHTLINE_HOST: '0.0.0.0' },
    code: 'access_control_missing',
    says: /SIGHTLINE_INSECURE=1/,
  },
]

for (const { name, env, code, says } of refused)
  test(`${name} is refused`, () => {
    assert.throws(
      () => configFrom(env),
      (error) => error instanceof ConfigError && error.code === code && says.test(error.message),
    )
  })

test('variables win over the file, and the file over defaults', () => {
  const config = configFrom({
    SIGHTLINE_CONFIG: file,
    SIGHTLINE_PORT: '0',
    SIGHTLINE_DEMO: 'off',
    SIGHTLINE_DATA: 'elsewhere',
  })
  assert.equal(config.port, 0)
  assert.equal(config.rtcPort, 9001)
  assert.equal(config.demo, false)
  assert.equal(config.cameras.length, 1)
  assert.ok(isAbsolute(config.dataDir) && config.dataDir.endsWith('elsewhere'))
})

test('the network address is taken where somebody said that access is checked elsewhere', () => {
  const config = configFrom({
    SIGHTLINE_CONFIG: file,
    SIGHTLINE_HOST: '0.0.0.0',
    SIGHTLINE_INSECURE: '1',
  })
  assert.equal(config.host, '0.0.0.0')
})

test('only addresses of this machine count as loopback', () => {
  for (const host of ['127.0.0.1', '127.1.2.3', 'localhost', '::1']) assert.ok(isLoopback(host))
  for (const host of ['0.0.0.0', '::', '127.evil.example', '10.0.0.1', ''])
    assert.ok(!isLoopback(host))
})
