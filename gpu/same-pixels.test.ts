import assert from 'node:assert/strict'
import { test } from 'node:test'
import { card } from './inference.fixture.ts'
import type { ModelInput } from './model-card.ts'
import { wantSamePixels } from './same-pixels.ts'

const square: ModelInput = { ...card.input, size: { longSide: 416 }, fit: 'letterbox-topleft' }

const cases: readonly { readonly name: string; readonly to: ModelInput; readonly same: boolean }[] =
  [
    { name: 'the same input', to: { ...square }, same: true },
    {
      name: 'a fixed input of the same sides: the padding is inside the model',
      to: { ...square, size: { width: 416, height: 416 } },
      same: true,
    },
    { name: 'another stride: that too', to: { ...square, stride: 64 }, same: true },
    { name: 'the picture in the middle', to: { ...square, fit: 'letterbox-centre' }, same: true },
    {
      name: 'another scale and mean',
      to: { ...square, scale: 1 / 255, mean: [1, 2, 3] },
      same: true,
    },
    { name: 'a larger input', to: { ...square, size: { longSide: 448 } }, same: false },
    {
      name: 'an input that is lower only',
      to: { ...square, size: { width: 416, height: 256 } },
      same: false,
    },
    {
      name: 'an input that is narrower only',
      to: { ...square, size: { width: 256, height: 416 } },
      same: false,
    },
    { name: 'colours the other way round', to: { ...square, colourOrder: 'rgb' }, same: true },
    { name: 'a picture that is stretched', to: { ...square, fit: 'stretch' }, same: false },
  ]

for (const { name, to, same } of cases)
  test(`A model with ${name} ${same ? 'takes' : 'does not take'} the pixels of the one before.`, () => {
    assert.equal(wantSamePixels(square, to), same)
    assert.equal(wantSamePixels(to, square), same)
  })

test('Stretched pictures differ where their strides do.', () => {
  const stretched: ModelInput = { ...square, fit: 'stretch' }
  assert.ok(wantSamePixels(stretched, { ...stretched }))
  assert.ok(!wantSamePixels(stretched, { ...stretched, stride: 16 }))
})
