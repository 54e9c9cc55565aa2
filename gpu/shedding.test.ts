import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { type DetectRate, SheddingController, type ShedStream } from './shedding.ts'

const stream = (streamId: string, values: Partial<ShedStream> = {}): ShedStream => ({
  streamId,
  weight: 1,
  configuredFps: 0,
  arrivalFps: 30,
  detectedFps: 5,
  ageRatio: 0.5,
  ...values,
})

/** Ticks once a second, always with the same streams. */
function ticked(
  controller: SheddingController,
  seconds: number,
  utilization: number,
  streams: readonly ShedStream[],
  fromMs = 0,
): readonly DetectRate[] {
  let rates: readonly DetectRate[] = []
  for (let second = 0; second < seconds; second++)
    rates = controller.tick({ nowMs: fromMs + second * 1000, utilization, streams })
  return rates
}

const light = Array.from({ length: 20 }, (_, index) => stream(`l${index}`, { detectedFps: 4 }))
const heavy = (ageRatio: number) => stream('h', { weight: 2, detectedFps: 6, ageRatio })

const table: readonly {
  readonly name: string
  readonly seconds: number
  readonly utilization: number
  readonly streams: readonly ShedStream[]
  readonly rates: Readonly<Record<string, string>>
}[] = [
  {
    name: 'A device with room lowers nothing, however old results are',
    seconds: 10,
    utilization: 0.8,
    streams: [...light, heavy(3)],
    rates: { l0: '0 null', h: '0 null' },
  },
  {
    name: 'A busy device whose results are young enough lowers nothing, and says that it is short',
    seconds: 10,
    utilization: 1,
    streams: [...light, heavy(0.9)],
    rates: { l0: '0 inference_capacity', h: '0 inference_capacity' },
  },
  {
    name: 'Between streams of one weight nothing is lowered',
    seconds: 10,
    utilization: 1,
    streams: light.map((one) => ({ ...one, ageRatio: 4 })),
    rates: { l0: '0 inference_capacity', l19: '0 inference_capacity' },
  },
  {
    name: 'Lighter streams whose results are too old do not make heavier ones yield',
    seconds: 10,
    utilization: 1,
    streams: [...light.map((one) => ({ ...one, ageRatio: 4 })), heavy(0.9)],
    rates: { l0: '0 inference_capacity', h: '0 inference_capacity' },
  },
  {
    name: 'Two seconds are no reason',
    seconds: 3,
    utilization: 1,
    streams: [...light, heavy(2)],
    rates: { l0: '0 null', h: '0 null' },
  },
  {
    name: 'After three seconds lighter streams give a fifth of what they get',
    seconds: 4,
    utilization: 1,
    streams: [...light, heavy(2)],
    rates: { l0: '3.2 age_over_target', h: '0 inference_capacity' },
  },
  {
    name: 'A stream that wants no more than it may get is left alone',
    seconds: 4,
    utilization: 1,
    streams: [...light, stream('slow', { configuredFps: 2, detectedFps: 2 }), heavy(2)],
    rates: { slow: '2 null', l0: '3.2 age_over_target' },
  },
  {
    name: 'No stream is lowered below 1 fps',
    seconds: 60,
    utilization: 1,
    streams: [
      ...light,
      heavy(2),
      ...Array.from({ length: 9 }, (_, i) => stream(`m${i}`, { weight: 3 })),
    ],
    rates: { l0: '1 age_over_target', h: '0 inference_capacity' },
  },
  {
    name: 'A device of which only lighter streams ask enough is not made to idle: 1.05 of 84 are still asked for',
    seconds: 60,
    utilization: 1,
    streams: [
      ...light.map((one) => ({ ...one, detectedFps: 4 })),
      stream('h', { weight: 2, configuredFps: 5, detectedFps: 4, ageRatio: 2 }),
    ],
    rates: { l0: '4.16 age_over_target', h: '5 inference_capacity' },
  },
]

const rounded = ({ detectFps, reason }: DetectRate): string =>
  `${Math.round(detectFps * 100) / 100} ${reason}`

for (const { name, seconds, utilization, streams, rates } of table)
  test(`${name}.`, () => {
    const got = ticked(new SheddingController(), seconds, utilization, streams)
    for (const [streamId, expected] of Object.entries(rates)) {
      const rate = got.find((one) => one.streamId === streamId)
      assert.equal(rate === undefined ? 'missing' : rounded(rate), expected, streamId)
    }
  })

test('The next weight gives only once the lightest has nothing left to give.', () => {
  const streams = [
    ...light,
    ...Array.from({ length: 10 }, (_, i) => stream(`m${i}`, { weight: 2, detectedFps: 5 })),
    stream('h', { weight: 4, detectedFps: 6, ageRatio: 2 }),
    ...Array.from({ length: 9 }, (_, i) => stream(`n${i}`, { weight: 4, detectedFps: 6 })),
  ]
  const controller = new SheddingController()
  for (let second = 0; second < 60; second++) {
    const rates = controller.tick({ nowMs: second * 1000, utilization: 1, streams })
    const middle = rates.find(({ streamId }) => streamId === 'm0')
    const lightest = rates.find(({ streamId }) => streamId === 'l0')
    if (middle?.reason === 'age_over_target') assert.equal(lightest?.detectFps, 1)
  }
})

test('Once the device has room again, rates are whole at the next tick.', () => {
  const controller = new SheddingController()
  ticked(controller, 20, 1, [...light, heavy(2)])
  // Fewer frames come: 21 streams of 3 fps where the device gives 86.
  const slow = { arrivalFps: 3, detectedFps: 3 }
  const calm = [
    ...light.map(({ streamId }) => stream(streamId, slow)),
    stream('h', { weight: 2, ...slow }),
  ]
  const [first] = ticked(controller, 1, 0.8, calm, 20_000)
  assert.deepEqual(first, { streamId: 'l0', detectFps: 0, reason: null })
})

test('When cameras leave, the next tick starts anew even if what is left keeps the device busy.', () => {
  const controller = new SheddingController()
  ticked(controller, 20, 1, [...light, heavy(2)])
  const [first] = controller.tick({
    nowMs: 20_000,
    utilization: 1,
    streams: [...light.slice(0, 6), heavy(2)],
  })
  assert.equal(first?.detectFps, 0)
})

test('Heavier streams that are well inside their target give back, in steps of a tenth.', () => {
  const controller = new SheddingController()
  ticked(controller, 4, 1, [...light, heavy(2)])
  const before = ticked(controller, 1, 1, [...light, heavy(0.5)], 4_000)[0]?.detectFps ?? 0
  const after = ticked(controller, 11, 1, [...light, heavy(0.5)], 5_000)[0]?.detectFps ?? 0
  assert.equal(Math.round((after / before) * 1000) / 1000, 1.1)
})

test('What heavier streams cannot spare is tried ever more rarely.', () => {
  const controller = new SheddingController()
  let changes = 0
  let capFps = 0
  for (let second = 0; second < 3_600; second++) {
    // 3.5 fps for the light ones is too much for the heavy one, and 3.2 leaves it far inside its target.
    const ageRatio = capFps === 0 || capFps > 3.4 ? 2 : 0.5
    const rates = controller.tick({
      nowMs: second * 1000,
      utilization: 1,
      streams: [...light, heavy(ageRatio)],
    })
    const nextFps = rates[0]?.detectFps ?? 0
    if (nextFps !== capFps) changes++
    capFps = nextFps
  }
  assert.ok(changes > 4 && changes <= 40, `${changes} changes in an hour`)
})

/** A device that divides what it manages by weight among those that want it, exactly. */
function divide(
  capacityFps: number,
  wants: readonly { readonly weight: number; readonly fps: number }[],
): number[] {
  const got = wants.map(() => 0)
  let open = wants.map((_, index) => index)
  let leftFps = capacityFps
  while (open.length > 0 && leftFps > 1e-9) {
    const weights = open.reduce((sum, index) => sum + (wants[index]?.weight ?? 0), 0)
    const full = open.filter(
      (index) => (wants[index]?.fps ?? 0) <= ((wants[index]?.weight ?? 0) * leftFps) / weights,
    )
    const served = full.length > 0 ? full : open
    const perWeight = leftFps / weights
    for (const index of served) {
      const want = wants[index] ?? { weight: 0, fps: 0 }
      got[index] = Math.min(want.fps, want.weight * perWeight)
    }
    leftFps -= served.reduce((sum, index) => sum + (got[index] ?? 0), 0)
    open = full.length > 0 ? open.filter((index) => !full.includes(index)) : []
  }
  return got
}

const world = fc.record({
  capacityFps: fc.integer({ min: 5, max: 400 }),
  streams: fc.array(
    fc.record({
      weight: fc.constantFrom(0.5, 1, 2, 4),
      configuredFps: fc.constantFrom(0, 1, 2.5, 5, 10),
      arrivalFps: fc.constantFrom(5, 15, 30),
    }),
    { minLength: 1, maxLength: 30 },
  ),
})

test('On any device: within 1 fps and the configured rate, lightest first, as many results as ever, and it settles.', () => {
  fc.assert(
    fc.property(world, ({ capacityFps, streams }) => {
      const controller = new SheddingController()
      let rates: readonly DetectRate[] = streams.map((one, index) => ({
        streamId: String(index),
        detectFps: one.configuredFps,
        reason: null,
      }))
      const unshed = streams.map(({ configuredFps, arrivalFps }) =>
        configuredFps > 0 ? Math.min(configuredFps, arrivalFps) : arrivalFps,
      )
      const mostFps = Math.min(
        capacityFps,
        unshed.reduce((sum, fps) => sum + fps, 0),
      )
      let changes = 0
      for (let second = 0; second < 900; second++) {
        const wants = streams.map(({ weight }, index) => {
          const inForce = rates[index]?.detectFps ?? 0
          const wantedFps = unshed[index] ?? 0
          return { weight, fps: inForce > 0 ? Math.min(inForce, wantedFps) : wantedFps }
        })
        const got = divide(capacityFps, wants)
        const gotFps = got.reduce((sum, fps) => sum + fps, 0)
        assert.ok(gotFps >= 0.99 * mostFps, `${gotFps} of ${mostFps} results/s`)
        const next = controller.tick({
          nowMs: second * 1000,
          utilization: Math.min(1, gotFps / capacityFps),
          streams: streams.map((one, index) => ({
            ...one,
            streamId: String(index),
            detectedFps: got[index] ?? 0,
            // One and a half periods and 100 ms, of 300 ms.
            ageRatio: (1_500 / Math.max(0.1, got[index] ?? 0) + 100) / 300,
          })),
        })
        if (second >= 600 && next.some((rate, i) => rate.detectFps !== rates[i]?.detectFps))
          changes++
        rates = next
        checkRates(streams, rates)
      }
      assert.ok(changes <= 6, `${changes} changes in the last five of fifteen minutes`)
    }),
    { numRuns: 100 },
  )
})

function checkRates(
  streams: readonly { readonly weight: number; readonly configuredFps: number }[],
  rates: readonly DetectRate[],
): void {
  const cappedWeights = streams.flatMap(({ weight }, index) =>
    rates[index]?.reason === 'age_over_target' ? [weight] : [],
  )
  const heaviest = Math.max(0, ...cappedWeights)
  for (const [index, { weight, configuredFps }] of streams.entries()) {
    const rate = rates[index]
    assert.ok(rate !== undefined)
    const { detectFps, reason } = rate
    if (reason === 'age_over_target') assert.ok(detectFps >= 1, 'below 1 fps')
    else assert.equal(detectFps, configuredFps)
    if (configuredFps > 0) assert.ok(detectFps <= configuredFps, 'above the configured rate')
    const isLower = weight < heaviest && configuredFps === 0
    if (isLower) assert.equal(reason, 'age_over_target', 'a heavier stream yields before a lighter')
  }
}
