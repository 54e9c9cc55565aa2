import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { ConfigError } from './config-error.ts'
import { parseConfig } from './parse-config.ts'

const wrong: readonly { readonly name: string; readonly text: string; readonly says: RegExp }[] = [
  {
    name: 'an unknown key at the top',
    text: 'port: 8080\nprot: 1\n',
    says: /^f\.yaml:2: prot: unknown key/,
  },
  {
    name: 'an unknown key of a camera',
    text: 'cameras:\n  - id: a\n    url: rtsp://h/x\n    detectFPS: 5\n',
    says: /^f\.yaml:4: cameras\.0\.detectFPS: unknown key/,
  },
  {
    name: 'a value of the wrong type',
    text: 'port: high\n',
    says: /^f\.yaml:1: port: .*number/,
  },
  {
    name: 'a port out of range',
    text: '\n\nport: 70000\n',
    says: /^f\.yaml:3: port: /,
  },
  {
    name: 'a scheme that no camera may have',
    text: 'cameras:\n  - id: a\n    url: file:///etc/passwd\n',
    says: /^f\.yaml:3: cameras\.0\.url: /,
  },
  {
    name: 'an id with capitals',
    text: 'cameras:\n  - id: Front\n    url: rtsp://h/x\n',
    says: /^f\.yaml:2: cameras\.0\.id: an id is 1 to 63/,
  },
  {
    name: 'an id twice',
    text: 'cameras:\n  - {id: a, url: "rtsp://h/x"}\n  - {id: a, url: "rtsp://h/y"}\n',
    says: /^f\.yaml:3: cameras\.1\.id: “a” is there twice/,
  },
  { name: 'broken YAML', text: 'cameras: [\n', says: /^f\.yaml:\d+: / },
  { name: 'a key twice', text: 'port: 1\nport: 2\n', says: /^f\.yaml:2: / },
  { name: 'a list where keys belong', text: '- a\n', says: /^f\.yaml:1: / },
]

for (const { name, text, says } of wrong)
  test(`${name} is refused with file, line and key`, () => {
    assert.throws(
      () => parseConfig(text, 'f.yaml'),
      (error) =>
        error instanceof ConfigError && error.code === 'config_invalid' && says.test(error.message),
    )
  })

for (const url of [
  'http2://u:hunter2@h/x',
  'rtsp://u:hunter2 y@h/x',
  'rtsp://u:hunter2#y@h/x',
  'rtsp://u:hunter2/y@h/x',
  'rtsp://u:hunter2?y@h/x',
  'rtsp:u:hunter2@h/x',
  'rtsp://u:hunter2@h:99999/',
  'rtsp://u:hunter2@h/x\\r\\nX: y',
])
  test(`the password in the bad address ${url} is refused and not repeated`, () => {
    assert.throws(
      () => parseConfig(`cameras:\n  - id: a\n    url: "${url}"\n`, 'f.yaml'),
      (error) => error instanceof ConfigError && !error.message.includes('hunter2'),
    )
  })

test('an empty file means defaults', () => {
  const config = parseConfig('', 'f.yaml')
  assert.equal(config.host, '127.0.0.1')
  assert.equal(config.port, 8080)
  assert.deepEqual(config.cameras, [])
})

test('a camera has defaults for all but id and address', () => {
  const config = parseConfig('cameras: [{id: a, url: "rtsp://h/x"}]', 'f.yaml')
  assert.deepEqual(config.cameras, [
    { id: 'a', url: 'rtsp://h/x', detectFps: 10, latencyBudgetMs: 200, weight: 1 },
  ])
})

test('the example says the defaults', () => {
  const text = readFileSync(new URL('sightline.example.yaml', import.meta.url), 'utf8')
  assert.deepEqual(parseConfig(text, 'example'), parseConfig('', 'empty'))
})
