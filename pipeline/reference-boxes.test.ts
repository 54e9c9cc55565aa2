import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Candidates, candidateValues } from '#gpu/candidates.ts'
import { headOfCard } from '#gpu/heads/head-of-card.ts'
import type { HeadOutput } from '#gpu/heads/head.ts'
import type { CatalogueCard } from '#gpu/model-card.ts'
import { suppress } from '#gpu/nms.ts'
import { readCatalogueCard } from './catalogue-card.ts'
import { type ReferenceBox, referenceDecoder, toldBoxes } from './reference-boxes.ts'
import { SeededRandom } from './seeded-random.fixture.ts'

const yolox = await readCatalogueCard('yolox-nano')
const classes = ['a', 'b', 'c']
const size = { width: 64, height: 32 }
const anchors = 8 * 4 + 4 * 2 + 2 * 1

/** Two pictures of numbers, `make(value index)` each. */
function output(dims: readonly number[], make: (index: number) => number): HeadOutput {
  const data = Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, (_, i) => make(i))
  return { dims, data }
}

function toldByHead(
  card: CatalogueCard,
  outputs: readonly HeadOutput[],
  index: number,
): ReferenceBox[] {
  const candidates = new Candidates()
  headOfCard(card).decode(outputs, index, size, candidates)
  return suppress(candidates, card.thresholds).map((at) => {
    const values = candidates.values.subarray(at * candidateValues, (at + 1) * candidateValues)
    const [classIndex = 0, score = 0, left = 0, top = 0, right = 0, bottom = 0] = values
    return { classIndex, score, left, top, right, bottom }
  })
}

interface Family {
  readonly family: string
  readonly head: CatalogueCard['head']
  readonly made: HeadOutput
}

const random = new SeededRandom(3)
for (const { family, head, made } of [
  {
    family: 'yolox',
    head: { family: 'yolox', strides: [8, 16, 32] },
    made: output([2, anchors, 8], () => random.share()),
  },
  {
    family: 'yolov8',
    head: { family: 'yolov8' },
    // Boxes of tens of pixels in the first four rows, scores in the others.
    made: output(
      [2, 7, anchors],
      (i) => random.share() * (Math.floor(i / anchors) % 7 < 4 ? 40 : 1),
    ),
  },
  {
    family: 'end-to-end',
    head: { family: 'end-to-end' },
    made: output([2, 30, 6], (i) => {
      const at = i % 6
      if (at < 2) return random.share() * 20
      if (at < 4) return 20 + random.share() * 30
      return at === 4 ? random.share() : random.whole(0, 2)
    }),
  },
] satisfies readonly Family[])
  test(`${family}: the second writing tells the boxes that the head tells, of each picture of a batch`, () => {
    const card = { ...yolox, head, classes }
    const decode = referenceDecoder(card)
    for (const index of [0, 1]) {
      const raw = decode?.([made], index, size.width, size.height)
      assert.ok(raw)
      const ours = toldBoxes(raw, yolox.thresholds)
      const theirs = toldByHead(card, [made], index)
      assert.equal(ours.length, theirs.length)
      assert.ok(ours.length >= 3, 'there is something to compare')
      for (const [i, box] of ours.entries()) {
        const other = theirs[i]
        assert.ok(other)
        assert.equal(box.classIndex, other.classIndex)
        for (const key of ['score', 'left', 'top', 'right', 'bottom'] as const)
          assert.ok(Math.abs(box[key] - other[key]) < 1e-4, `${key} of box ${i}`)
      }
    }
  })

test('a family without a second writing says so', () => {
  const levels = [{ stride: 8, scores: 's', distances: 'd' }]
  assert.equal(
    referenceDecoder({ ...yolox, head: { family: 'nanodet', levels, cellCentre: 0 } }),
    null,
  )
})
