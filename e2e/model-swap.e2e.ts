import assert from 'node:assert/strict'
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, before, test } from 'node:test'
import { cameraViewSchema, problemSchema, systemSchema } from '#protocol/api.ts'
import { modelActivationSchema, modelsSchema } from '#protocol/models.ts'
import { makeModelVariant } from './support/model-variant.ts'
import { makePanningClip } from './support/panning-clip.ts'
import { type RtspCamera, startRtspCamera } from './support/rtsp-camera.ts'
import { type SightlineServer, startServer, waitFor } from './support/sightline-server.ts'
import { type Subscriber, subscribe } from './support/subscriber.ts'

// One server, two cameras and one subscriber, while the model is changed under them, again and again.
const prepared = resolve(process.env['SIGHTLINE_DATA'] ?? 'data')
const cameraIds = ['pan', 'tilt'] as const
let folder: string
let camera: RtspCamera
let server: SightlineServer
let subscriber: Subscriber
/** What had failed before the first change: units before the first key frame. */
const lostBefore = new Map<string, number>()

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sightline-models-'))
  const models = join(folder, 'models')
  await mkdir(models)
  for (const part of ['self-test', 'bin', 'demo'])
    await symlink(join(prepared, part), join(folder, part))
  const first = {
    modelPath: join(models, 'yolox-nano.onnx'),
    cardPath: join(models, 'yolox-nano.json'),
  }
  for (const file of ['yolox-nano.onnx', 'yolox-nano.json'])
    await cp(join(prepared, 'models', file), join(models, file))
  await makeModelVariant(first, { folder: models, name: 'same-pixels' })
  await makeModelVariant(first, { folder: models, name: 'other-pixels' }, (card) => ({
    input: { ...card.input, size: { longSide: 320 } },
    // Smaller pictures have other scores.
    selfTest: { ...card.selfTest, scoreTolerance: 0.4, edgeTolerance: 0.2 },
  }))
  await makeModelVariant(first, { folder: models, name: 'swapped-colours' }, (card) => ({
    input: { ...card.input, colourOrder: 'rgb' },
  }))
  const altered = await makeModelVariant(first, { folder: models, name: 'altered' })
  await writeFile(altered.modelPath, 'no model')
  await writeFile(join(models, 'broken.json'), '{')

  const clip = await makePanningClip({ profile: 'main' })
  camera = await startRtspCamera({
    streams: { pan: { clip, fps: 30 }, tilt: { clip, fps: 30 } },
    process: 'child',
  })
  const cameras = cameraIds.map((id) => ({ id, url: camera.url(id), detectFps: 10 }))
  server = await startServer({ config: { cameras }, env: { SIGHTLINE_DATA: folder } })
  subscriber = await subscribe(server.socketUrl)
  await resultsOf('yolox-nano')
  for (const id of cameraIds) lostBefore.set(id, await lost(id))
})

after(async () => {
  subscriber[Symbol.dispose]()
  await server[Symbol.asyncDispose]()
  await camera[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

test('the prepared models are listed, with what is wrong with one of them', async () => {
  const { models, atStart, swap } = await list()
  assert.deepEqual(
    models.map(({ name, active, usable }) => [name, active, usable]),
    [
      ['altered', false, true],
      ['broken', false, false],
      ['other-pixels', false, true],
      ['same-pixels', false, true],
      ['swapped-colours', false, true],
      ['yolox-nano', true, true],
    ],
  )
  assert.equal(models.find(({ name }) => name === 'other-pixels')?.facts?.input.width, 320)
  assert.equal(atStart, 'yolox-nano')
  assert.equal(swap, null)
})

for (const name of ['same-pixels', 'other-pixels', 'yolox-nano'] as const)
  test(`${name} takes over while frames flow; none is lost`, async (t) => {
    const startedAtMs = performance.now()
    const response = await activate(name)
    assert.equal(response.status, 200)
    const { active, changed, swap, persisted } = modelActivationSchema.parse(await response.json())
    t.diagnostic(`answered after ${Math.round(performance.now() - startedAtMs)} ms`)
    assert.deepEqual([active.name, changed, swap, persisted], [name, true, null, false])
    await resultsOf(name)
    const { inference } = systemSchema.parse(await server.getJson('/api/system'))
    assert.deepEqual([inference.model.name, inference.swap], [name, null])
    await assertNothingLost()
  })

test('one that serves already is left alone', async () => {
  const response = await activate('yolox-nano')
  assert.equal(response.status, 200)
  assert.equal(modelActivationSchema.parse(await response.json()).changed, false)
})

for (const [name, status, code] of [
  ['nobody', 404, 'unknown_model'],
  ['broken', 422, 'card_invalid'],
  ['altered', 422, 'model_altered'],
  ['swapped-colours', 422, 'self_test_failed'],
] as const)
  test(`${name} is refused with ${code}, and the former one serves on`, async () => {
    const response = await activate(name)
    assert.equal(response.status, status)
    const problem = problemSchema.parse(await response.json())
    assert.equal(problem.code, code)
    const { models, lastSwapFailure } = await list()
    assert.ok(models.find((model) => model.name === 'yolox-nano')?.active)
    if (code === 'self_test_failed') assert.equal(lastSwapFailure?.message, problem.detail)
    await assertNothingLost()
  })

test('two changes at once: one is made, the other refused', async () => {
  const responses = await Promise.all([activate('same-pixels'), activate('other-pixels')])
  const statuses = responses.map(({ status }) => status).toSorted((a, b) => a - b)
  assert.deepEqual(statuses, [200, 409])
  const made = responses.find(({ ok }) => ok)
  const { active } = modelActivationSchema.parse(await made?.json())
  await resultsOf(active.name)
  await assertNothingLost()
})

test('seen from the subscriber, each change happened once, in order of capture and without a gap', async () => {
  const shaOf = new Map((await list()).models.map(({ name, facts }) => [name, facts?.sha256]))
  const { active } = modelActivationSchema.parse(await (await activate('yolox-nano')).json())
  await resultsOf(active.name)
  for (const id of cameraIds) {
    const messages = subscriber.detections(id).map(({ message }) => message)
    const changes = messages
      .filter(({ model }, index) => messages[index - 1]?.model.sha256 !== model.sha256)
      .map(({ model }) => model)
    assert.equal(changes.length, 6)
    assert.deepEqual(
      changes.map(({ name }) => name).filter((_, index) => index !== 4),
      ['yolox-nano', 'same-pixels', 'other-pixels', 'yolox-nano', 'yolox-nano'],
    )
    for (const { name, sha256 } of changes) assert.equal(sha256, shaOf.get(name))
    for (const [index, message] of messages.entries()) {
      const previous = messages[index - 1]
      if (previous === undefined) continue
      assert.equal(message.seq, previous.seq + 1)
      assert.ok(message.capturedAtServerMs > previous.capturedAtServerMs)
      assert.deepEqual([message.missed.failed, message.missed.damaged], [0, 0])
    }
  }
})

async function activate(name: string): Promise<Response> {
  return fetch(`${server.url}/api/models/${name}/activate`, { method: 'POST' })
}

async function list(): Promise<ReturnType<typeof modelsSchema.parse>> {
  return modelsSchema.parse(await server.getJson('/api/models'))
}

/** Ten more of each camera, all from this model. */
async function resultsOf(name: string): Promise<void> {
  const startOf = new Map(cameraIds.map((id) => [id, subscriber.detections(id).length]))
  await waitFor(`results of ${name}`, () =>
    cameraIds.every((id) => {
      const fresh = subscriber.detections(id).slice(startOf.get(id))
      return (
        fresh.length >= 10 && fresh.slice(-10).every(({ message }) => message.model.name === name)
      )
    }),
  )
}

async function lost(id: string): Promise<number> {
  const { frames } = cameraViewSchema.parse(await server.getJson(`/api/cameras/${id}`))
  const { received, ...parts } = frames
  assert.equal(
    received,
    Object.values(parts).reduce((sum, count) => sum + count, 0),
    'every access unit is accounted for',
  )
  return frames.failed + frames.damaged
}

async function assertNothingLost(): Promise<void> {
  for (const id of cameraIds) assert.equal(await lost(id), lostBefore.get(id), id)
}
