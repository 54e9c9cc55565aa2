import assert from 'node:assert/strict'
import { test } from 'node:test'
import { beaconSchema, displayDelayEdgesMs } from '#protocol/messages.ts'
import { parseValue } from '#protocol/parse.ts'
import * as fc from 'fast-check'
import { CameraScreen } from './camera-screen.ts'
import { fakeDetections } from './fake-detections.ts'
import { ServerClock } from './server-clock.ts'

/** The server's clock is 1,000 s ahead, and capture is at rtpTimestamp / 90 of it. */
const aheadMs = 1_000_000
const ms = (value: number): number => value * 90

function screen(): { screen: CameraScreen; drawn: string[] } {
  const serverClock = new ServerClock()
  serverClock.observe({ sentAtMs: 0, receivedAtMs: 2, serverAtMs: aheadMs + 1 })
  const camera = new CameraScreen(serverClock)
  const drawn: string[] = []
  camera.onMatch = (match) =>
    drawn.push(match.kind === 'none' ? 'none' : `${match.kind} ${match.detections.rtpTimestamp}`)
  return { screen: camera, drawn }
}

/** Displayed 30 ms after its capture. */
const shown = (rtpTimestamp: number) => ({ rtpTimestamp, displayAtMs: rtpTimestamp / 90 + 30 })

const captured = (rtpTimestamp: number, boxes = 1) =>
  fakeDetections(rtpTimestamp, { capturedAtServerMs: aheadMs + rtpTimestamp / 90, boxes })

test('a frame without any detections draws nothing, and is counted', () => {
  const { screen: camera, drawn } = screen()
  camera.showFrame(shown(ms(0)))
  assert.deepEqual(drawn, ['none'])
  assert.deepEqual([camera.counts.framesShown, camera.counts.none], [1, 1])
})

test('its own detections that come late are drawn over the frame while it is displayed', () => {
  const { screen: camera, drawn } = screen()
  camera.addDetections(captured(ms(0), 3), 20)
  camera.showFrame(shown(ms(33)))
  camera.addDetections(captured(ms(33), 2), 70)
  assert.deepEqual(drawn, [`held 0`, `exact ${ms(33)}`])
  const { framesShown, exact, held, exactBoxes, heldBoxes } = camera.counts
  assert.deepEqual([framesShown, exact, held, exactBoxes, heldBoxes], [1, 1, 0, 2, 0])
})

test('detections of a frame still to come leave the picture alone', () => {
  const { screen: camera, drawn } = screen()
  camera.showFrame(shown(ms(0)))
  camera.addDetections(captured(ms(33)), 40)
  assert.deepEqual(drawn, ['none'])
})

test('the same picture reported twice is one frame', () => {
  const { screen: camera } = screen()
  camera.showFrame(shown(ms(0)))
  camera.showFrame(shown(ms(0)))
  assert.equal(camera.counts.framesShown, 1)
})

test('past the latency budget of the camera nothing is held', () => {
  const { screen: camera, drawn } = screen()
  camera.heldMsMax = 80
  camera.addDetections(captured(ms(0)), 20)
  camera.showFrame(shown(ms(66)))
  camera.showFrame(shown(ms(100)))
  assert.deepEqual(drawn, ['held 0', 'none'])
})

test('after another timeline began, an equal timestamp is not the same frame', () => {
  const { screen: camera, drawn } = screen()
  camera.addDetections(captured(ms(0)), 20)
  camera.clear()
  camera.showFrame(shown(ms(0)))
  assert.deepEqual(drawn, ['none', 'none'])
})

test('without timestamps nothing is exact: the newest is held while it is young', () => {
  const { screen: camera, drawn } = screen()
  camera.addDetections(captured(ms(0)), 20)
  camera.showFrame({ rtpTimestamp: null, displayAtMs: 100 })
  camera.showFrame({ rtpTimestamp: null, displayAtMs: 300 })
  assert.deepEqual(drawn, ['held 0', 'none'])
})

test('capture to screen is reckoned also for frames without detections', () => {
  const { screen: camera } = screen()
  camera.addDetections(captured(ms(0)), 20)
  for (const frame of [0, 33, 67, 100]) camera.showFrame(shown(ms(frame)))
  assert.equal(Math.round(camera.delay.quantileMs(0.5, 0) ?? 0), 30)
})

test('a minute without detections: no delay is claimed', () => {
  const { screen: camera } = screen()
  camera.addDetections(captured(ms(0)), 20)
  camera.showFrame(shown(ms(60_000)))
  assert.equal(camera.delay.quantileMs(0.5, 0), null)
})

/** After 60 s the camera starts again at timestamp 0; the server's clock goes on. */
const again = (sinceMs: number) =>
  fakeDetections(ms(sinceMs), { capturedAtServerMs: aheadMs + 60_000 + sinceMs })
const shownAgain = (sinceMs: number) => ({
  rtpTimestamp: ms(sinceMs),
  displayAtMs: 60_000 + sinceMs + 30,
})

test('a camera whose timeline jumped back has its boxes again with the third result', () => {
  const { screen: camera, drawn } = screen()
  camera.addDetections(captured(ms(59_967)), 59_990)
  camera.showFrame(shown(ms(59_967)))
  for (const sinceMs of [0, 33, 67, 100]) {
    camera.addDetections(again(sinceMs), 60_020 + sinceMs)
    camera.showFrame(shownAgain(sinceMs))
  }
  const expected = [`exact ${ms(59_967)}`, 'none', 'none', `exact ${ms(67)}`, `exact ${ms(100)}`]
  assert.deepEqual(drawn, expected)
})

test('capture to screen is right from the first result of a timeline that jumped back', () => {
  const { screen: camera } = screen()
  camera.addDetections(captured(ms(59_967)), 59_990)
  camera.addDetections(again(0), 60_020)
  camera.showFrame(shownAgain(0))
  assert.equal(Math.round(camera.delay.quantileMs(1, 0) ?? 0), 30)
})

test('a straggler of long ago does not take the delay of the pictures away', () => {
  const { screen: camera } = screen()
  camera.addDetections(captured(ms(20_000)), 20_020)
  camera.addDetections(captured(ms(1_000)), 20_025)
  camera.showFrame(shown(ms(20_033)))
  assert.equal(Math.round(camera.delay.quantileMs(1, 0) ?? 0), 30)
})

test('without timestamps the newest is the one captured last, whatever its timestamp says', () => {
  const { screen: camera, drawn } = screen()
  camera.addDetections(captured(ms(5_000)), 5_020)
  camera.addDetections(fakeDetections(0, { capturedAtServerMs: aheadMs + 5_500 }), 5_520)
  camera.showFrame({ rtpTimestamp: null, displayAtMs: 5_550 })
  assert.deepEqual(drawn, ['held 0'])
})

test('nothing shown, no beacon', () => {
  assert.equal(screen().screen.takeBeacon('gate'), null)
})

test('a beacon says what happened since the last one, in the form of the protocol', () => {
  const { screen: camera } = screen()
  camera.addDetections(captured(ms(0), 4), 20)
  for (const frame of [0, 33, 67]) camera.showFrame(shown(ms(frame)))
  const beacon = camera.takeBeacon('gate')
  assert.ok(parseValue(beaconSchema, beacon).ok)
  // The third frame is still displayed: it is told with the next beacon.
  assert.deepEqual([beacon?.exact, beacon?.held, beacon?.none], [4, 4, 0])
  const bucket = displayDelayEdgesMs.findIndex((edgeMs) => edgeMs >= 30)
  assert.equal(beacon?.displayDelayMs[bucket], 3)
  camera.showFrame(shown(ms(100)))
  assert.deepEqual([camera.takeBeacon('gate')?.held, camera.takeBeacon('gate')], [4, null])
})

test('property: frames shown = exact + held + none, and each draw is what it says', () => {
  const step = fc.record({
    what: fc.constantFrom('frame', 'detections'),
    frame: fc.integer({ min: 0, max: 60 }),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const { screen: camera } = screen()
      for (const { what, frame } of steps) {
        if (what === 'frame') camera.showFrame(shown(ms(frame * 33)))
        else camera.addDetections(captured(ms(frame * 33)), frame * 33 + 30)
        const { framesShown, exact, held, none } = camera.counts
        assert.equal(framesShown, exact + held + none)
      }
      for (const draw of camera.draws.entries()) {
        const same = draw.detectionsRtpTimestamp === draw.frameRtpTimestamp
        assert.equal(draw.match === 'exact', same)
        assert.equal(draw.match === 'none', draw.detectionsRtpTimestamp === null)
      }
    }),
  )
})
