import assert from 'node:assert/strict'
import { test } from 'node:test'
import { redactSecrets } from './redact.ts'

const cases: readonly (readonly [string, string])[] = [
  ['rtsp://user:hunter2@host/path', 'rtsp://user:***@host/path'],
  ['rtsp://user:p@ss:w@host:554/path', 'rtsp://user:***@host:554/path'],
  ['rtsp://token@host/path', 'rtsp://***@host/path'],
  ['rtsp://host/path?user=a&password=x&y=1', 'rtsp://host/path?user=a&password=***&y=1'],
  ['two: rtsp://a:b@c/ and rtsp://d:e@f/', 'two: rtsp://a:***@c/ and rtsp://d:***@f/'],
  ['rtsp://h/user=admin_password=hun_ter2_channel=1', 'rtsp://h/user=admin_password=***_channel=1'],
  ['Authorization: Basic dXNlcjpwdw==', 'Authorization: Basic ***'],
  ['mail somebody@example.org stays', 'mail somebody@example.org stays'],
  ['rtsp://host/at@path', 'rtsp://host/at@path'],
]

for (const [text, expected] of cases)
  test(`"${text}" is shown as "${expected}"`, () => assert.equal(redactSecrets(text), expected))
