import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { camerasMax } from '#config/schema.ts'
import { CameraError } from './camera-error.ts'
import { CameraRig, rigConfig } from './camera-rig.ts'
import { CameraRegistry } from './registry.ts'

function withCode(code: CameraError['code'], says = /./): (error: unknown) => boolean {
  return (error) => error instanceof CameraError && error.code === code && says.test(error.message)
}

describe('a camera that cannot be added', () => {
  test('is one whose id is taken', async () => {
    await using registry = new CameraRegistry(new CameraRig().parts)
    registry.add(rigConfig(), 'file')
    assert.throws(() => registry.add(rigConfig(), 'api'), withCode('camera_exists', /door/))
    assert.equal(registry.get('door')?.managedBy, 'file', 'the first one stays')
    assert.equal(registry.list().length, 1)
  })

  test('is one whose id is still being closed, until its last child is gone', async () => {
    const rig = new CameraRig()
    await using registry = new CameraRegistry(rig.parts)
    registry.add(rigConfig(), 'api')
    await rig.settle()
    rig.frame()
    rig.decoder.lingers = true
    const removed = registry.remove('door')
    assert.equal(registry.get('door'), null)
    assert.throws(() => registry.add(rigConfig(), 'api'), withCode('camera_exists'))
    await rig.settle()
    assert.throws(() => registry.add(rigConfig(), 'api'), withCode('camera_exists'))
    rig.decoder.gone()
    await removed
    assert.equal(registry.add(rigConfig(), 'api').id, 'door')
  })

  test('is one more than the limit; removing one makes room', async () => {
    await using registry = new CameraRegistry(new CameraRig().parts)
    for (let i = 0; i < camerasMax; i++) registry.add(rigConfig(`camera-${i}`), 'api')
    const add = (): unknown => registry.add(rigConfig('one-more'), 'api')
    assert.throws(add, withCode('too_many_cameras', new RegExp(String(camerasMax))))
    assert.equal(registry.list().length, camerasMax)
    await registry.remove('camera-7')
    add()
    assert.equal(registry.get('one-more')?.state, 'connecting')
  })
})

describe('a camera that cannot be removed', () => {
  test('is one that is not there, or is being removed already', async () => {
    const registry = new CameraRegistry(new CameraRig().parts)
    await assert.rejects(registry.remove('door'), withCode('not_found', /door/))
    registry.add(rigConfig(), 'api')
    const removed = registry.remove('door')
    await assert.rejects(registry.remove('door'), withCode('not_found'))
    await removed
    assert.equal(registry.get('door'), null)
    await registry[Symbol.asyncDispose]()
  })

  for (const [managedBy, says] of [
    ['file', /configuration file/],
    ['demo', /SIGHTLINE_DEMO=off/],
  ] as const)
    test(`is one that came from elsewhere (${managedBy}): it says where`, async () => {
      await using registry = new CameraRegistry(new CameraRig().parts)
      registry.add(rigConfig(), managedBy)
      const error = withCode('camera_managed_by_file', says)
      await assert.rejects(registry.remove('door'), error)
      assert.equal(registry.get('door')?.managedBy, managedBy)
    })
})

test('what was added is listed in order, and decoded once it sends', async () => {
  const rig = new CameraRig()
  await using registry = new CameraRegistry(rig.parts)
  assert.deepEqual(registry.list(), [])
  registry.add(rigConfig('yard'), 'api')
  registry.add(rigConfig('door'), 'file')
  await rig.settle()
  rig.frame()
  assert.deepEqual(
    registry.list().map(({ id, persisted }) => [id, persisted]),
    [
      ['yard', false],
      ['door', true],
    ],
  )
  assert.equal(rig.decoders.length, 1, 'the camera that sends nothing has none')
})

test('comebacks are told by camera and reason', async () => {
  const rig = new CameraRig()
  await using registry = new CameraRegistry(rig.parts)
  registry.add(rigConfig(), 'api')
  await rig.settle()
  assert.deepEqual([...registry.reconnects()], [])
  for (const code of ['ended', 'no_data', 'ended'] as const) {
    rig.frame()
    await rig.cut(code)
    await rig.reconnect()
  }
  rig.frame()
  assert.deepEqual(
    [...registry.reconnects()],
    [
      { camera: 'door', reason: 'ended', count: 2 },
      { camera: 'door', reason: 'no_data', count: 1 },
    ],
  )
})

test('closing it closes every camera and waits for those that were closing already', async () => {
  const rig = new CameraRig()
  const registry = new CameraRegistry(rig.parts)
  registry.add(rigConfig('door'), 'api')
  await rig.settle()
  rig.frame()
  rig.decoder.lingers = true
  void registry.remove('door')
  registry.add(rigConfig('yard'), 'demo')
  let isClosed = false
  const closed = registry[Symbol.asyncDispose]().finally(() => (isClosed = true))
  await rig.settle()
  assert.equal(isClosed, false)
  assert.deepEqual(registry.list(), [])
  rig.decoder.gone()
  await closed
  assert.equal(rig.clock.pendingCount, 0)
  assert.equal(rig.journal.filter((entry) => entry === 'slo').length, 2)
})
