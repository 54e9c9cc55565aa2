import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import type { DrawRecord } from '../client/src/live/draw-log.ts'
import { launchBrowser } from './support/browser.ts'
import { readCounter } from './support/counter-clip.ts'
import { makePanningClip, panLeftPx, panningSize, panStepPx } from './support/panning-clip.ts'
import { type RtspCamera, startRtspCamera } from './support/rtsp-camera.ts'
import { startServer, waitFor } from './support/sightline-server.ts'
import { subscribe, type Subscriber } from './support/subscriber.ts'

const framesWanted = 330
/** On a busy machine fewer results come while their frame is still displayed: that takes longer, and is no error. */
const exactWanted = 250
const clipFrames = 300

const cases = [
  { profile: 'baseline', timing: 'Live' },
  { profile: 'main', timing: 'Live' },
  { profile: 'high', timing: 'Live' },
  { profile: 'main', timing: 'Exact' },
] as const

for (const { profile, timing } of cases)
  test(`${profile} profile, ${timing}: every box drawn as exact belongs to the frame it is drawn on`, async () => {
    const clip = await makePanningClip({ profile, frames: clipFrames })
    await using camera = await startRtspCamera({
      streams: { pan: { clip, fps: 30 } },
      process: 'child',
    })
    await using server = await startServer({
      config: { cameras: [{ id: 'pan', url: camera.url('pan'), detectFps: 0 }] },
    })
    using subscriber = await subscribe(server.socketUrl)
    await using browser = await launchBrowser()
    const page = await browser.newPage()
    await page.addInitScript(pixelReader)
    await page.goto(server.url)
    await page.getByRole('button', { name: timing, exact: true }).click()
    await waitFor(
      'frames with exact boxes',
      async () => {
        const draws = await drawsOf(page)
        return draws.length >= framesWanted && exactWithBoxes(draws).length >= exactWanted
      },
      { limitMs: 60_000, everyMs: 500 },
    )

    const draws = await drawsOf(page)
    const pictures = await picturesOf(page)
    checkDraws(draws, pictures, counterBySentTimestamp(camera))
    checkBoxes(subscriber, counterBySentTimestamp(camera))
    const profileName = await server.getJson('/api/cameras')
    assert.match(JSON.stringify(profileName), new RegExp(`"profile":"[^"]*${profile}`, 'i'))
  })

/** Which frame of the clip left the camera with a timestamp: the truth of this test. */
function counterBySentTimestamp(camera: RtspCamera): ReadonlyMap<number, number> {
  return new Map(camera.sent.map(({ rtpTimestamp, frame }) => [rtpTimestamp, frame % clipFrames]))
}

/** What the page drew, against the numbers read out of the displayed pictures themselves. */
function checkDraws(
  draws: readonly DrawRecord[],
  pictures: ReadonlyMap<number, number>,
  sent: ReadonlyMap<number, number>,
): void {
  const exact = draws.filter((draw) => draw.match === 'exact')
  const foreign = exact.filter((draw) => draw.frameRtpTimestamp !== draw.detectionsRtpTimestamp)
  assert.deepEqual(foreign, [])

  let read = 0
  let misread = 0
  for (const { frameRtpTimestamp } of exact) {
    const shown = frameRtpTimestamp === null ? undefined : pictures.get(frameRtpTimestamp)
    if (frameRtpTimestamp === null || shown === undefined) continue
    read++
    if (shown !== sent.get(frameRtpTimestamp)) misread++
  }
  assert.ok(read >= 150, `${read} of the exact draws have a picture whose number was read`)
  assert.equal(misread, 0, `${misread} of ${read} pictures are another frame than their boxes`)
}

/**
 * Boxes tell by their place which frame they were found on: the camera pans to and fro over a still photo, so a box's
 * place in the photo is one and the same unless frames are mixed up; one frame off moves it by a step, to the left while
 * the camera pans right and to the right while it pans left.
 */
function checkBoxes(subscriber: Subscriber, sent: ReadonlyMap<number, number>): void {
  const placesPx: Record<'rightward' | 'leftward', number[]> = { rightward: [], leftward: [] }
  const results = subscriber.detections('pan')
  assert.ok(results.length >= 200, `${results.length} results`)
  for (const { message } of results) {
    const counter = sent.get(message.cameraRtpTimestamp)
    assert.ok(counter !== undefined, 'every result names a timestamp that the camera sent')
    assert.equal(message.rtpTimestamp, message.cameraRtpTimestamp, 'the first epoch is not shifted')
    const direction = panLeftPx(counter + 1) > panLeftPx(counter) ? 'rightward' : 'leftward'
    for (const { label, score, box } of message.objects) {
      const centrePx = (box[0] + box[2] / 2) * panningSize.width + panLeftPx(counter)
      // One person who is well in view over the whole sweep.
      const isWhole = box[0] > 0.02 && box[0] + box[2] < 0.98
      if (label === 'person' && score > 0.5 && isWhole) placesPx[direction].push(centrePx)
    }
  }
  const reference = mode([...placesPx.rightward, ...placesPx.leftward])
  const near = (places: readonly number[]): number[] =>
    places.filter((place) => Math.abs(place - reference) < 5 * panStepPx)
  const [right, left] = [near(placesPx.rightward), near(placesPx.leftward)]
  assert.ok(right.length >= 20 && left.length >= 20, `${right.length} and ${left.length} boxes`)
  const apartPx = Math.abs(median(right) - median(left))
  assert.ok(
    apartPx < panStepPx / 2,
    `boxes are ${apartPx} px apart by direction: frames are mixed up`,
  )
}

/** The middle of the fullest bin. */
function mode(values: readonly number[]): number {
  const binPx = 10
  const counts = new Map<number, number>()
  for (const value of values) {
    const bin = Math.round(value / binPx)
    counts.set(bin, (counts.get(bin) ?? 0) + 1)
  }
  const [fullest = [0, 0]] = [...counts].sort((a, b) => b[1] - a[1])
  return fullest[0] * binPx
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

function exactWithBoxes(draws: readonly DrawRecord[]): readonly DrawRecord[] {
  return draws.filter((draw) => draw.match === 'exact' && draw.boxes > 0)
}

async function drawsOf(page: Page): Promise<readonly DrawRecord[]> {
  return page.evaluate<readonly DrawRecord[]>('window.sightline?.cameras.pan?.draws ?? []')
}

async function picturesOf(page: Page): Promise<ReadonlyMap<number, number>> {
  const entries = await page.evaluate<readonly (readonly [number, number])[]>('window.pictures')
  assert.ok(entries.length >= 150, `${entries.length} pictures were read`)
  return new Map(entries)
}

/**
 * Runs in the page: reads the number out of every picture that the page's video shows, with the timestamp of that very
 * picture. Text, because this repository has DOM types in the client only.
 */
const pixelReader = `
  window.pictures = []
  const readCounter = ${readCounter.toString()}
  const canvas = new OffscreenCanvas(${panningSize.width}, 40)
  const context = canvas.getContext('2d', { willReadFrequently: true })
  function onFrame(video) {
    video.requestVideoFrameCallback(() => onFrame(video))
    let frame
    try { frame = new VideoFrame(video) } catch { return }
    const { rtpTimestamp } = frame.metadata()
    context.drawImage(frame, 0, 0, ${panningSize.width}, ${panningSize.height})
    frame.close()
    const { data } = context.getImageData(0, 0, ${panningSize.width}, 40)
    const counter = readCounter({ data, width: ${panningSize.width}, bytesPerPixel: 4 })
    if (counter !== null && rtpTimestamp !== undefined) window.pictures.push([rtpTimestamp, counter])
  }
  new MutationObserver(() => {
    for (const video of document.querySelectorAll('video:not([data-read])')) {
      video.dataset.read = 'yes'
      onFrame(video)
    }
  }).observe(document, { subtree: true, childList: true })
`
