import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Interrupted, LeftOut, SetUpError } from './set-up-error.mjs'
import { runSteps } from './step-runner.mjs'

type Step = Parameters<typeof runSteps>[0][number]

const absent = async (): Promise<null> => null

function step(name: string, rest: Partial<Step> = {}): Step {
  return { name, check: absent, make: async () => `${name} made`, ...rest }
}

/** Runs with a clock that stands still unless a step moves it. */
async function run(steps: readonly Step[], mode: 'make' | 'check' = 'make', clock = { nowMs: 0 }) {
  const lines: string[] = []
  const result = await runSteps(steps, {
    mode,
    print: (line) => lines.push(line),
    nowMs: () => clock.nowMs,
  })
  return { ...result, lines }
}

test('a failed step stops those that wait for it, and no others', async () => {
  const problem = new SetUpError('no compiler', { debianPackages: ['g++'] })
  const { lines, problems } = await run([
    step('base', { make: () => Promise.reject(problem) }),
    step('needs base', {
      make: async ({ ready }) => {
        await ready('base')
        return 'never'
      },
    }),
    step('other'),
  ])
  assert.deepEqual(lines.toSorted(), ['base: no compiler  0.0 s', 'other made  0.0 s'])
  assert.deepEqual(problems, [problem])
})

test('an error that is nobody’s to put right is thrown, once all steps have ended', async () => {
  let hasEnded = false
  const steps = [
    step('broken', { make: () => Promise.reject(new TypeError('a bug')) }),
    step('slow', {
      make: async () => {
        await new Promise((resolve) => setImmediate(resolve))
        hasEnded = true
        return 'slow made'
      },
    }),
  ]
  await assert.rejects(run(steps), new TypeError('a bug'))
  assert.ok(hasEnded)
})

test('a bug is told rather than the interruption that came with it', async () => {
  const steps = [
    step('cut off', { make: () => Promise.reject(new Interrupted('interrupted')) }),
    step('broken', { make: () => Promise.reject(new TypeError('a bug')) }),
  ]
  await assert.rejects(run(steps), new TypeError('a bug'))
})

test('what the product can do without is said and is no problem', async () => {
  const { lines, problems } = await run([
    step('clip', { make: () => Promise.reject(new LeftOut('python3 is not on PATH')) }),
  ])
  assert.deepEqual(lines, ['clip left out: python3 is not on PATH  0.0 s'])
  assert.deepEqual(problems, [])
})

test('a check makes nothing and names what is missing', async () => {
  const { lines, missing } = await run(
    [
      step('here', { check: async () => 'here, version 2' }),
      step('gone', { make: () => Promise.reject(new Error('must not run')) }),
    ],
    'check',
  )
  assert.deepEqual(missing, ['gone'])
  assert.deepEqual(lines, ['here, version 2  0.0 s', 'gone: missing  0.0 s'])
})

test('an interrupted run goes on where it ended', async () => {
  const made = new Set<string>()
  const makes: string[] = []
  let isInterrupted = true
  const resumable = (name: string): Step =>
    step(name, {
      check: async () => (made.has(name) ? `${name} stands` : null),
      make: async ({ ready }) => {
        makes.push(name)
        if (name !== 'first') await ready('first')
        if (name === 'second' && isInterrupted) throw new Interrupted('interrupted')
        made.add(name)
        return `${name} made`
      },
    })
  const steps = [resumable('first'), resumable('second')]
  await assert.rejects(run(steps), Interrupted)
  isInterrupted = false
  const { lines } = await run(steps)
  assert.deepEqual(lines, ['first stands  0.0 s', 'second made  0.0 s'])
  assert.deepEqual(makes, ['first', 'second', 'second'])
})

test('the time of a step does not count its waiting for another', async () => {
  const clock = { nowMs: 0 }
  const { lines } = await run(
    [
      step('npm', {
        make: async () => {
          await Promise.resolve()
          clock.nowMs += 15_000
          return 'npm made'
        },
      }),
      step('worker', {
        make: async ({ ready }) => {
          await ready('npm')
          clock.nowMs += 2_500
          return 'worker made'
        },
      }),
    ],
    'make',
    clock,
  )
  assert.deepEqual(lines, ['npm made  15.0 s', 'worker made  2.5 s'])
})
