import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock } from '#std/fake-clock.ts'
import { terminalProgress } from './terminal-progress.ts'

function open(isTTY: boolean, verbosity: 'normal' | 'quiet' = 'normal') {
  const clock = new FakeClock(0)
  const written: string[] = []
  const stream = { isTTY, columns: 40, write: (text: string) => written.push(text) }
  return { clock, written, progress: terminalProgress({ stream, clock, verbosity }) }
}

test('a terminal shows a step in place, at most ten times a second, and its end always', () => {
  const { clock, written, progress } = open(true)
  for (let done = 1; done <= 100; done++) {
    progress.step('reading', done, 100, 'images')
    clock.advance(10)
  }
  assert.equal(written[0], '\r\u001b[2Kreading: 1 of 100 images, 1 %')
  assert.deepEqual(written.slice(-2), ['\r\u001b[2Kreading: 100 of 100 images, 100 %', '\n'])
  assert.equal(written.length, 12)
})

test('a line that stays does not run into the one in place', () => {
  const { written, progress } = open(true)
  progress.step('reading', 1, 3, 'images')
  progress.note('found')
  assert.deepEqual(written.slice(1), ['\r\u001b[2K', 'found\n'])
})

test('a line in place is no wider than the terminal', () => {
  const { written, progress } = open(true)
  progress.step('x'.repeat(100), 1, null, 'MB')
  assert.equal(written[0]?.length, '\r\u001b[2K'.length + 39)
})

test('elsewhere a step is a line every ten seconds', () => {
  const { clock, written, progress } = open(false)
  for (let done = 0; done < 35; done++) {
    progress.step('fetching', done + 0.25, null, 'MB')
    clock.advance(1000)
  }
  assert.deepEqual(written, ['fetching: 10.3 MB\n', 'fetching: 20.3 MB\n', 'fetching: 30.3 MB\n'])
})

test('quiet leaves only warnings', () => {
  const { written, progress } = open(true, 'quiet')
  progress.step('reading', 1, 1, 'images')
  progress.note('found')
  progress.warn('leaks')
  assert.deepEqual(written, ['warning: leaks\n'])
})
