import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseKittiLabels } from './kitti-label.ts'

const car = 'Car 0.00 0 1.85 387.63 181.54 423.81 203.12 1.67 1.87 3.69 -16.53 2.39 58.49 1.57'
const dontCare = 'DontCare -1 -1 -10 5.00 229.89 214.12 367.61 -1 -1 -1 -1000 -1000 -1000 -10'
const change = (field: number, value: string): string =>
  car
    .split(' ')
    .map((each, index) => (index === field ? value : each))
    .join(' ')

for (const { name, text, refusal } of [
  { name: 'a result with its score', text: `${car} 0.93`, refusal: /:1: 16 fields: .*a score/ },
  { name: 'too few fields', text: 'Car 0.00 0', refusal: /:1: 3 fields instead of 15/ },
  {
    name: 'a file that lost its line ends',
    text: `${car}${car.replace('Car', 'car')}`,
    refusal: /:1: 29 fields instead of 15; “1.57car” looks like two lines/,
  },
  {
    name: 'a type in lower case',
    text: `${car}\n${change(0, 'car')}`,
    refusal: /:2: unknown type “car”/,
  },
  { name: 'a decimal comma', text: change(4, '387,63'), refusal: /:1: field 5, “387,63”, is not/ },
  { name: 'no number', text: change(4, 'nan'), refusal: /field 5, “nan”, is not a number/ },
  {
    name: 'an endless number',
    text: change(6, '1e999'),
    refusal: /field 7, “1e999”, is not a num/,
  },
  { name: 'a broken 3D part', text: change(13, 'x'), refusal: /field 14, “x”, is not a number/ },
  { name: 'truncation above 1', text: change(1, '2'), refusal: /:1: truncated is 2, not 0 to 1/ },
  { name: 'an unknown occlusion', text: change(2, '4'), refusal: /:1: occluded is 4, not 0 to 3/ },
  {
    name: 'edges the wrong way round',
    text: `\n${change(6, '300')}`,
    refusal: /:2: the box 387.63 181.54 300 203.12 has its edges the wrong way round/,
  },
] as const)
  test(`${name} is refused with file and line`, () => {
    assert.throws(() => parseKittiLabels(text, 'label_2/000010.txt'), {
      code: 'input_invalid',
      message: refusal,
    })
    assert.throws(() => parseKittiLabels(text, 'label_2/000010.txt'), /^\w+: label_2\/000010.txt:/)
  })

test('a line becomes an object with its box in 0-based pixels', () => {
  assert.deepEqual(parseKittiLabels(`${car}\n`, 'x'), [
    {
      type: 'Car',
      truncated: 0,
      occluded: 0,
      box: { left: 387.63, top: 181.54, right: 423.81, bottom: 203.12 },
    },
  ])
})

test('DontCare with its -1 everywhere is a label like another', () => {
  const [object] = parseKittiLabels(dontCare, 'x')
  assert.deepEqual([object?.type, object?.truncated, object?.occluded], ['DontCare', -1, -1])
})

test('CRLF, tabs, blank lines and a missing last line end change nothing', () => {
  const text = `\r\n${car.replaceAll(' ', '\t')}\r\n\r\n${dontCare}`
  assert.deepEqual(parseKittiLabels(text, 'x'), parseKittiLabels(`${car}\n${dontCare}\n`, 'x'))
})

test('an empty file is a picture without objects', () => {
  assert.deepEqual(parseKittiLabels('', 'x'), [])
})

test('a box without area is no malformed label', () => {
  assert.equal(parseKittiLabels(change(6, '387.63'), 'x').length, 1)
})
