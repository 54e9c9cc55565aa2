import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock } from '#std/fake-clock.ts'
import type { PixelBatch } from '#gpu/model.ts'
import {
  firstBytes,
  fakeModel,
  type FakeModelOptions,
  fakeSubject,
} from './verify-subject.fixture.ts'
import { verifySafety } from './verify-safety.ts'

/** Names of the checks that fail, without the one that needs a file. */
async function failing(options: FakeModelOptions): Promise<readonly string[]> {
  const subject = fakeSubject({ model: fakeModel(options), clock: new FakeClock() })
  const { checks } = await verifySafety(subject)
  return checks
    .filter(({ name, verdict }) => verdict === 'failed' && name !== 'NaN')
    .map(({ name }) => name)
}

test('a model that is well behaved fails nothing', async () => {
  assert.deepEqual(await failing({}), [])
})

test('a file that cannot be tried with NaN fails', async () => {
  const subject = fakeSubject({ model: fakeModel({}), clock: new FakeClock() })
  const { verdict, checks } = await verifySafety(subject)
  assert.equal(verdict, 'failed')
  assert.match(checks[0]?.measured ?? '', /ENOENT/)
})

test('boxes on white fail', async () => {
  const toldOf = ({ pixels, count }: PixelBatch): readonly Float32Array[] =>
    Array.from({ length: count }, () =>
      pixels[0] === 255 ? Float32Array.of(0, 0.9, 0, 0, 1, 1) : new Float32Array(),
    )
  assert.deepEqual(await failing({ toldOf }), ['all white'])
})

test('numbers that are none fail', async () => {
  const rawOf = (batch: PixelBatch): Float32Array =>
    firstBytes(batch).map((byte) => (byte === 0 ? NaN : byte))
  assert.deepEqual(await failing({ rawOf }), ['all black'])
})

test('a picture that depends on its place in the batch fails', async () => {
  const rawOf = (batch: PixelBatch): Float32Array =>
    firstBytes(batch).map((byte, i) => byte + Math.floor(i / 4))
  assert.deepEqual(await failing({ rawOf }), ['batch permutation'])
})

test('another answer each time fails', async () => {
  let runs = 0
  const rawOf = (batch: PixelBatch): Float32Array => firstBytes(batch).map((byte) => byte + ++runs)
  assert.deepEqual(await failing({ rawOf }), [
    'empty batch',
    'wrong size',
    'batch permutation',
    'determinism',
  ])
})

test('boxes of an empty batch fail', async () => {
  const toldOf = ({ count }: PixelBatch): readonly Float32Array[] =>
    count === 0 ? [Float32Array.of(0, 0.9, 0, 0, 1, 1)] : [new Float32Array()]
  assert.deepEqual(await failing({ toldOf }), ['empty batch'])
})

test('memory that is never given back fails', async () => {
  const kept: Buffer[] = []
  const onRun = (): void => void kept.push(Buffer.alloc(64 * 1024, 1))
  assert.deepEqual(await failing({ onRun }), ['growth in 1000 runs'])
  assert.ok(kept.length >= 1000)
})
