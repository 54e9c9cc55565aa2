import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { FakeClock } from '#std/fake-clock.ts'
import { ScriptedCamera, type ScriptedAnswer } from '../rtsp/scripted-camera.ts'
import { type CameraPlan as Plan, open, scripted, scriptOf } from './scripted-session.ts'
import { SourceError } from './source.ts'

const limitMs = 10_000

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 2))
}

describe('requests go where the camera wants them', () => {
  const cases: readonly {
    readonly name: string
    readonly plan: Plan
    readonly path?: string
    /** `$` is the camera's address. */
    readonly setup: string
    readonly play: string
  }[] = [
    {
      name: 'relative, without Content-Base',
      plan: {},
      setup: 'rtsp://$/live/trackID=1',
      play: 'rtsp://$/live',
    },
    {
      name: 'relative to Content-Base',
      plan: { describeHeaders: ['content-base: rtsp://cam/inner/'] },
      setup: 'rtsp://cam/inner/trackID=1',
      play: 'rtsp://cam/inner/',
    },
    {
      name: 'absolute',
      plan: { control: 'rtsp://10.0.0.7/live/video' },
      setup: 'rtsp://10.0.0.7/live/video',
      play: 'rtsp://$/live',
    },
    { name: '*', plan: { control: '*' }, setup: 'rtsp://$/live', play: 'rtsp://$/live' },
    {
      name: 'no control at all',
      plan: { control: null, sessionControl: null },
      setup: 'rtsp://$/live',
      play: 'rtsp://$/live',
    },
    {
      name: 'behind a query',
      plan: {},
      path: '/cam?channel=1&subtype=0',
      setup: 'rtsp://$/cam?channel=1&subtype=0/trackID=1',
      play: 'rtsp://$/cam?channel=1&subtype=0',
    },
    {
      name: 'only the video of several sections',
      plan: { before: ['m=audio 0 RTP/AVP 8', 'a=control:trackID=0'] },
      setup: 'rtsp://$/live/trackID=1',
      play: 'rtsp://$/live',
    },
  ]
  for (const { name, plan, path, setup, play } of cases)
    test(name, { timeout: limitMs }, async () => {
      await using camera = await scripted(plan)
      await using source = await open(camera, path === undefined ? {} : { path })
      assert.equal(source.video.codec, 'h264')
      const at = (uri: string): string => uri.replace('$', camera.address)
      assert.deepEqual(camera.urisOf('SETUP'), [at(setup)])
      assert.deepEqual(camera.urisOf('PLAY'), [at(play)])
      assert.equal(camera.requests.at(-1)?.header('session'), '7')
    })
})

describe('authentication', () => {
  const challenge = (...headers: readonly string[]): ScriptedAnswer => ({
    status: '401 Unauthorized',
    headers: headers.map((header) => `WWW-Authenticate: ${header}`),
  })

  test(
    'a wrong password is tried once, so that no account is locked',
    { timeout: limitMs },
    async () => {
      let nonces = 0
      await using camera = await scripted({
        answers: {
          DESCRIBE: () =>
            challenge(`Digest realm="cam", nonce="n${nonces++}"`, 'Basic realm="cam"'),
        },
      })
      await assert.rejects(open(camera, { user: 'viewer:wrong@' }), { code: 'unauthorized' })
      assert.equal(camera.requests.length, 2)
    },
  )

  test('a camera that wants what nobody here knows refuses', { timeout: limitMs }, async () => {
    await using camera = await scripted({ answers: { DESCRIBE: () => challenge('Negotiate') } })
    await assert.rejects(open(camera, { user: 'viewer:x@' }), { code: 'unauthorized' })
    assert.equal(camera.requests.length, 1)
  })

  test(
    'the first usable challenge is answered, and no URI carries the password',
    { timeout: limitMs },
    async () => {
      const plan = scriptOf({})
      await using camera = await new ScriptedCamera((request) =>
        request.header('authorization') === null
          ? challenge('Negotiate', 'Digest realm="cam", nonce="n", qop="auth"', 'Basic realm="cam"')
          : plan(request),
      ).listen()
      await using source = await open(camera, { user: 'viewer:hunter2@' })
      assert.equal(source.video.codec, 'h264')
      const answered = camera.requests.slice(1)
      assert.ok(
        answered.every((request) =>
          request.header('authorization')?.startsWith('Digest username="viewer"'),
        ),
      )
      assert.ok(
        camera.requests.every(({ uri }) => !uri.includes('hunter2') && !uri.includes('viewer')),
      )
      // RFC 7616 section 3.4: the count of a nonce's uses rises.
      assert.match(answered[0]?.header('authorization') ?? '', /nc=00000001/)
      assert.match(answered[2]?.header('authorization') ?? '', /nc=00000003/)
    },
  )

  test('a nonce that ran out is replaced', { timeout: limitMs }, async () => {
    await using camera = await scripted({
      answers: {
        PLAY: (request, nth) =>
          nth === 1 || !request.header('authorization')?.includes('"fresh"')
            ? challenge('Digest realm="cam", nonce="fresh", stale=true')
            : {},
      },
    })
    await using source = await open(camera, { user: 'viewer:x@' })
    assert.equal(source.video.codec, 'h264')
    assert.equal(camera.urisOf('PLAY').length, 2)
  })
})

describe('answers that end the attempt', () => {
  const cases: readonly (readonly [string, Plan, string])[] = [
    [
      '404 to DESCRIBE',
      { answers: { DESCRIBE: () => ({ status: '404 Not Found' }) } },
      'not_found',
    ],
    [
      '454 to PLAY',
      { answers: { PLAY: () => ({ status: '454 Session Not Found' }) } },
      'not_found',
    ],
    [
      '403 to DESCRIBE',
      { answers: { DESCRIBE: () => ({ status: '403 Forbidden' }) } },
      'unauthorized',
    ],
    [
      '461 to SETUP',
      { answers: { SETUP: () => ({ status: '461 Unsupported Transport' }) } },
      'protocol',
    ],
    ['500 to PLAY', { answers: { PLAY: () => ({ status: '500 Oops' }) } }, 'protocol'],
    [
      'a description without media',
      { answers: { DESCRIBE: () => ({ body: 'v=0\r\n' }) } },
      'no_video',
    ],
    ['no description', { answers: { DESCRIBE: () => ({}) } }, 'no_video'],
  ]
  for (const [name, plan, code] of cases)
    test(`${name}: ${code}`, { timeout: limitMs }, async () => {
      await using camera = await scripted(plan)
      await assert.rejects(
        open(camera),
        (error) => error instanceof SourceError && error.code === code,
      )
    })

  test('none, for five seconds: unreachable', { timeout: limitMs }, async () => {
    const clock = new FakeClock()
    await using camera = await scripted({ answers: { DESCRIBE: () => null } })
    const opening = open(camera, { clock })
    await until(() => camera.requests.length === 1)
    clock.advance(5001)
    await assert.rejects(opening, {
      code: 'unreachable',
      message: 'The camera does not answer DESCRIBE.',
    })
    await until(() => clock.pendingCount === 0)
  })
})
