import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ResultRates } from './result-rates.ts'

/** A camera of 10 fps, live from `fromMs` on, of which every other frame is detected. */
function rates(fromMs: number, untilMs: number): ResultRates {
  const camera = new ResultRates()
  camera.setLive(fromMs, { live: true })
  for (let atMs = fromMs; atMs < untilMs; atMs += 100) {
    camera.asked(atMs)
    if (atMs % 200 === 0) camera.delivered(atMs)
  }
  return camera
}

const cases: readonly [title: string, fromMs: number, untilMs: number, isWhole: boolean][] = [
  ['over ten seconds', 0, 30_000, true],
  ['wherever in a second it is asked', 0, 30_700, true],
  ['since it is live where that is less', 2_000, 7_000, false],
]
for (const [title, fromMs, untilMs, isWhole] of cases)
  test(`rates are taken ${title}`, () => {
    const camera = rates(fromMs, untilMs)
    assert.deepEqual(camera.perSecond(untilMs), { demandedFps: 10, resultFps: 5 })
    assert.equal(camera.isWhole(untilMs), isWhole)
  })

test('a camera that is away has no rates, and begins anew when it is back', () => {
  const camera = rates(0, 30_000)
  camera.setLive(30_000, { live: false })
  assert.deepEqual(camera.perSecond(30_100), { demandedFps: 0, resultFps: 0 })
  assert.equal(camera.isWhole(30_100), false)
  camera.setLive(31_000, { live: true })
  camera.setLive(35_000, { live: true })
  assert.equal(camera.isWhole(40_999), false)
  assert.equal(camera.isWhole(41_000), true)
})
