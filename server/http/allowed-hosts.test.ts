import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AllowedHosts } from './allowed-hosts.ts'

const hosts = new AllowedHosts(['Cams.Example', 'fd00::1'])

const hostTable: readonly [string | undefined, boolean][] = [
  [undefined, false],
  ['', false],
  ['evil.example', false],
  ['127.0.0.1.evil.example', false],
  ['127.0.0.1:8080:1', false],
  ['127.0.0.1:', false],
  ['localhost@evil.example', false],
  ['0.0.0.0', false],
  ['[::2]:8080', false],
  ['127.0.0.1', true],
  ['127.0.0.1:8080', true],
  ['LOCALHOST:1', true],
  ['[::1]', true],
  ['[::1]:8080', true],
  ['cams.example:443', true],
  ['[fd00::1]:8080', true],
]
for (const [header, isAllowed] of hostTable)
  test(`Host ${header ?? 'missing'} is ${isAllowed ? 'allowed' : 'refused'}`, () =>
    assert.equal(hosts.allowsHost(header), isAllowed))

const originTable: readonly [string | undefined, boolean][] = [
  ['null', false],
  ['', false],
  ['https://evil.example', false],
  ['https://127.0.0.1.evil.example', false],
  ['https://user@127.0.0.1', false],
  ['file://', false],
  ['chrome-extension://127.0.0.1', false],
  [undefined, true],
  ['http://127.0.0.1:8080', true],
  ['http://localhost:5173', true],
  ['https://cams.example', true],
  ['http://[::1]:8080', true],
]
for (const [header, isAllowed] of originTable)
  test(`Origin ${header ?? 'missing'} is ${isAllowed ? 'allowed' : 'refused'}`, () =>
    assert.equal(hosts.allowsOrigin(header), isAllowed))
