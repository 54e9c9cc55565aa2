import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  scalePixels,
  shiftPad,
  swapChannels,
  swapChannelsInCard,
  swapClassesInCard,
  swapClassesInFile,
} from './plant-mutation.fixture.ts'
import { unitRange, verify, yolox } from './verify-run.fixture.ts'

const person = 0
const car = 2

for (const [name, sound] of [
  ['YOLOX-Nano as it is prepared', yolox],
  ['YOLOX-Nano that wants 0..1', unitRange],
] as const)
  test(`${name} passes`, () => {
    const { status, verdict, why } = verify(sound, sound, 'A,B,C')
    assert.deepEqual([status, verdict, why], [0, 'passed', []])
  })

for (const { name, sound, mutant, failing } of [
  {
    name: 'channels swapped in the file',
    sound: yolox,
    mutant: swapChannels(yolox),
    failing: 'ABC',
  },
  {
    name: 'channels swapped in the card',
    sound: yolox,
    mutant: swapChannelsInCard(yolox),
    failing: 'ABC',
  },
  { name: 'a pad that is off by a pixel', sound: yolox, mutant: shiftPad(yolox), failing: 'ABC' },
  {
    name: 'person and car swapped in the file',
    sound: yolox,
    mutant: swapClassesInFile(yolox, [person, car]),
    failing: 'ABC',
  },
  {
    name: 'person and car swapped in the card',
    sound: yolox,
    mutant: swapClassesInCard(yolox, [person, car]),
    failing: 'ABC',
  },
  {
    name: 'two rare classes swapped in the file',
    sound: yolox,
    mutant: swapClassesInFile(yolox, [70, 78]),
    failing: 'A',
  },
  {
    name: 'two rare classes swapped in the card',
    sound: yolox,
    mutant: swapClassesInCard(yolox, [70, 78]),
    failing: 'A',
  },
  {
    name: 'a division by 255 that the network does not want',
    sound: yolox,
    mutant: scalePixels(yolox, 1 / 255),
    failing: 'ABC',
  },
  {
    name: 'a division by 255 that is missing',
    sound: unitRange,
    mutant: scalePixels(unitRange, 255),
    failing: 'ABC',
  },
  {
    name: 'a division by 255 twice',
    sound: unitRange,
    mutant: scalePixels(unitRange, 1 / 255),
    failing: 'ABC',
  },
])
  test(`${name}: gates ${failing.split('').join(', ')} fail`, (t) => {
    const { status, verdict, failed, why } = verify(sound, mutant, 'A,B,C')
    for (const check of why) t.diagnostic(`${check.name}: ${check.measured}, bound ${check.bound}`)
    assert.deepEqual([status, verdict, failed], [1, 'failed', failing])
  })
