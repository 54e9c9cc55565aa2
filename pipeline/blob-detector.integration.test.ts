import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { type Blob, blobScene } from '#datasets/fixtures/blob-scene.ts'
import { openModel } from '#gpu/model.ts'
import { systemClock } from '#std/clock.ts'
import { blobDetector, placeBlobDetector } from './blob-detector.ts'

const dir = mkdtempSync(join(tmpdir(), 'sightline-blobs-'))
const card = await placeBlobDetector(dir)
const model = await openModel({
  modelPath: join(dir, card.file),
  cardPath: join(dir, `${card.name}.json`),
  executionProviders: ['cpu'],
  intraOpThreads: 1,
  clock: systemClock,
})
after(async () => {
  await model[Symbol.asyncDispose]()
  rmSync(dir, { recursive: true })
})

const blob = (colour: 'red' | 'green' | 'blue', edges: readonly number[]): Blob => {
  const [left = 0, top = 0, right = 0, bottom = 0] = edges
  return { colour, box: { left, top, right, bottom } }
}

/** class left top right bottom in whole pixels, sorted; every score is 1. */
async function find(
  scenes: readonly (readonly Blob[])[],
  { width, height } = { width: 320, height: 176 },
): Promise<readonly (readonly number[])[][]> {
  const pictures = scenes.map((blobs) => blobScene({ width, height, blobs }).data)
  const pixels = Buffer.concat(pictures)
  const { detections } = await model.run({ pixels, count: scenes.length, width, height })
  return detections.map((rows) => {
    const found = Array.from({ length: rows.length / 6 }, (_, i) => {
      const [index = 0, score = 0, left = 0, top = 0, w = 0, h = 0] = rows.slice(i * 6, i * 6 + 6)
      assert.equal(score, 1)
      const edges = [left * width, top * height, (left + w) * width, (top + h) * height]
      for (const edge of edges) assert.ok(Math.abs(edge - Math.round(edge)) < 1e-3, `${edge}`)
      return [index, ...edges.map(Math.round)]
    })
    return found.sort((a, b) => a.join().localeCompare(b.join()))
  })
}

test('blobs of three colours are found to the pixel, each once', async () => {
  const scene = [
    blob('red', [10, 20, 50, 60]),
    blob('green', [100, 21, 117, 90]),
    blob('blue', [203, 77, 300, 150]),
  ]
  assert.deepEqual(await find([scene]), [
    [
      [0, 10, 20, 50, 60],
      [1, 100, 21, 117, 90],
      [2, 203, 77, 300, 150],
    ],
  ])
})

test('blobs at the borders, and one pixel apart, keep their edges', async () => {
  const scene = [
    blob('red', [0, 0, 40, 30]),
    blob('red', [41, 0, 70, 30]),
    blob('red', [0, 31, 40, 60]),
    blob('blue', [290, 150, 320, 176]),
  ]
  assert.deepEqual(await find([scene]), [
    [
      [0, 0, 0, 40, 30],
      [0, 0, 31, 40, 60],
      [0, 41, 0, 70, 30],
      [2, 290, 150, 320, 176],
    ],
  ])
})

test('the smallest blob, eight pixels, is found wherever it lies', async () => {
  const scenes = Array.from({ length: 8 }, (_, i) => [
    blob('green', [30 + i, 40 + i, 38 + i, 48 + i]),
  ])
  const expected = scenes.map((_, i) => [[1, 30 + i, 40 + i, 38 + i, 48 + i]])
  assert.deepEqual(await find(scenes), expected)
})

test('each picture of a batch has its own blobs, and an empty one none', async () => {
  const scenes = [[blob('red', [8, 8, 24, 24])], [], [blob('blue', [8, 8, 24, 24])]]
  assert.deepEqual(await find(scenes), [[[0, 8, 8, 24, 24]], [], [[2, 8, 8, 24, 24]]])
})

test('a picture whose sides are no multiples of eight is padded, and its edges stay', async () => {
  const size = { width: 317, height: 171 }
  const scene = [blob('red', [300, 150, 317, 171])]
  assert.deepEqual(await find([scene], size), [[[0, 300, 150, 317, 171]]])
})

test('swapped channels are other classes', async () => {
  const data = blobScene({ width: 64, height: 64, blobs: [blob('red', [8, 8, 40, 40])] }).data
  const swapped = data.map((_, i) => data[i - (i % 3) + (2 - (i % 3))] ?? 0)
  const { detections } = await model.run({ pixels: swapped, count: 1, width: 64, height: 64 })
  assert.equal(detections[0]?.[0], 2)
})

test('the same bytes come out each time', () => {
  assert.ok(Buffer.from(blobDetector()).equals(Buffer.from(blobDetector())))
  assert.ok(blobDetector().length < 4096)
})
