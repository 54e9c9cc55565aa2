import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodePicture, encodeJpeg, type Picture } from './picture.ts'

function grey(width: number, height: number): Picture {
  return { data: new Uint8Array(width * height * 3).fill(128), width, height }
}

function pixelAt(picture: Picture, x: number, y: number): number[] {
  const at = (y * picture.width + x) * 3
  return [...picture.data.subarray(at, at + 3)]
}

for (const [name, source] of [
  ['text', new TextEncoder().encode('no picture')],
  ['a file that is not there', '/nowhere/at/all.jpg'],
  ['half a JPEG', new Uint8Array([0xff, 0xd8, 0xff, 0xe0, 0, 16])],
] as const)
  test(`${name} is no picture`, async () => {
    await assert.rejects(decodePicture(source), { code: 'picture_unreadable' })
  })

test('a picture goes through JPEG and comes back in its size and its colours', async () => {
  const data = new Uint8Array(64 * 32 * 3)
  for (let i = 0; i < data.length; i += 3) data.set([200, 100, 50], i)
  const back = await decodePicture(await encodeJpeg({ data, width: 64, height: 32 }))
  assert.deepEqual([back.width, back.height, back.data.length], [64, 32, 64 * 32 * 3])
  for (const [i, value] of [200, 100, 50].entries())
    assert.ok(Math.abs((pixelAt(back, 20, 20)[i] ?? 0) - value) <= 4)
})

test('a box is drawn along its edges and nowhere else', async () => {
  const box = { left: 0.25, top: 0.25, width: 0.5, height: 0.5, label: '', colour: '#ff0000' }
  const back = await decodePicture(await encodeJpeg(grey(400, 400), [box]))
  const [red = 0, green = 255] = pixelAt(back, 100, 200)
  assert.ok(red > 160 && green < 110, `an edge of ${red},${green}`)
  assert.ok(pixelAt(back, 200, 200).every((value) => Math.abs(value - 128) < 6))
})

test('a label is text, never markup', async () => {
  const box = { left: 0, top: 0.5, width: 1, height: 0.5, colour: '#00ff00' }
  const label = '</text></svg><script>&"\''
  const drawn = await decodePicture(await encodeJpeg(grey(320, 200), [{ ...box, label }]))
  assert.deepEqual([drawn.width, drawn.height], [320, 200])
})
