import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, test } from 'node:test'
import { stageRig } from '#pipeline/stage.fixture.ts'
import { Findings } from './findings.ts'
import type { KittiClassMap } from './kitti-classes.ts'
import { readKittiFolder } from './kitti-folder.ts'
import { kittiClassMaps } from './kitti-classes.ts'
import { parseKittiLabels } from './kitti-label.ts'
import { formatYoloLabels, parseYoloLabels } from './yolo-label.ts'

/** Real frames, which the benchmark's licence keeps out of this repository. */
const assets = resolve(import.meta.dirname, '../../shared/assets/kitti')
const skip = existsSync(assets) ? false : 'the real frames are not beside this checkout'

const root = mkdtempSync(join(tmpdir(), 'sightline-reference-'))
after(() => rmSync(root, { recursive: true }))

/** That converter's: Van and Truck are cars, sitting people pedestrians. */
const referenceClasses: KittiClassMap = {
  names: ['Car', 'Pedestrian', 'Cyclist'],
  of: {
    ...kittiClassMaps.kitti3.of,
    Van: { class: 'Car' },
    Truck: { class: 'Car' },
    Person_sitting: { class: 'Pedestrian' },
    Misc: 'drop',
  },
}

function read() {
  const { context } = stageRig({ dataDir: root })
  return readKittiFolder({
    ...context,
    folder: join(assets, 'training'),
    classes: referenceClasses,
    placeOf: () => null,
    findings: new Findings(),
  })
}

test(
  'real frames give the boxes of the reference labels, which cut edges to whole pixels',
  { skip },
  async () => {
    let compared = 0
    for (const image of await read()) {
      const file = `${image.id}.txt`
      const text = readFileSync(join(assets, 'reference_yolo', file), 'utf8')
      const reference = parseYoloLabels(text, { file, size: image, classCount: 3 })
      assert.equal(image.boxes.length, reference.length, file)
      for (const [index, { classIndex, box }] of image.boxes.entries()) {
        assert.equal(classIndex, reference[index]?.classIndex)
        for (const edge of ['left', 'top', 'right', 'bottom'] as const) {
          const cut = reference[index]?.box[edge] ?? NaN
          assert.ok(
            Math.abs(Math.trunc(box[edge]) - cut) < 1e-6,
            `${file} ${edge}: ${box[edge]}, ${cut}`,
          )
          compared += 1
        }
      }
    }
    assert.ok(compared >= 40, `${compared} edges`)
  },
)

test('real boxes come back from YOLO labels within a hundredth of a pixel', { skip }, async () => {
  for (const image of await read()) {
    const options = { file: image.id, size: image, classCount: 3 }
    const back = parseYoloLabels(formatYoloLabels(image.boxes, image), options)
    assert.equal(back.length, image.boxes.length)
    for (const [index, { box }] of image.boxes.entries())
      for (const edge of ['left', 'top', 'right', 'bottom'] as const)
        assert.ok(Math.abs((back[index]?.box[edge] ?? NaN) - box[edge]) <= 0.01)
  }
})

test("people's broken label files are refused with file and line", { skip }, () => {
  const names = readdirSync(join(assets, 'malformed'))
  assert.ok(names.length > 0)
  for (const name of names) {
    const text = readFileSync(join(assets, 'malformed', name), 'utf8')
    assert.throws(() => parseKittiLabels(text, name), {
      code: 'input_invalid',
      message: new RegExp(`^${name}:1: \\d+ fields instead of 15; .* without a line end between`),
    })
  }
})
