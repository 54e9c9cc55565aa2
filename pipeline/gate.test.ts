import assert from 'node:assert/strict'
import { test } from 'node:test'
import { atLeast, atMost, gateLine, gateResult, holds, leftOut } from './gate.ts'

for (const { name, check, verdict } of [
  { name: 'a number at its upper bound', check: atMost('x', 0.05, 0.05, ' px'), verdict: 'passed' },
  { name: 'a number above it', check: atMost('x', 0.051, 0.05, ' px'), verdict: 'failed' },
  { name: 'no number', check: atMost('x', NaN, 0.05, ' px'), verdict: 'failed' },
  { name: 'a number at its lower bound', check: atLeast('x', 99, 99, ' %'), verdict: 'passed' },
  { name: 'a number below it', check: atLeast('x', 98.9, 99, ' %'), verdict: 'failed' },
  {
    name: 'no number where one is to be large',
    check: atLeast('x', NaN, 99, ' %'),
    verdict: 'failed',
  },
  { name: 'something that holds', check: holds('x', null), verdict: 'passed' },
  { name: 'something that does not', check: holds('x', 'a reason'), verdict: 'failed' },
])
  test(`${name} has ${verdict}`, () => {
    assert.equal(check.verdict, verdict)
  })

test('a gate fails with one check, passes with one made, and is left out with none', () => {
  const [good, bad, none] = [holds('x', null), holds('y', 'why'), leftOut('z', 'no GPU')]
  assert.equal(gateResult('A', [good, bad, none]).verdict, 'failed')
  assert.equal(gateResult('A', [good, none]).verdict, 'passed')
  assert.equal(gateResult('A', [none]).verdict, 'left out')
})

test('a line has bound, measure and verdict of each check', () => {
  const checks = [
    atMost('boxes', 0.0012, 0.05, ' px'),
    holds('NaN', 'it ends'),
    leftOut('torch', 'absent'),
  ]
  assert.equal(
    gateLine(gateResult('F', checks)),
    'F  safety      failed    boxes: 0.0012 px (<= 0.05 px); NaN: it ends FAILED; torch: left out, absent',
  )
})
