import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { FakeClock } from '#std/fake-clock.ts'
import { RecordedSource } from './recorded-source.ts'
import { open, scripted } from './scripted-session.ts'

const limitMs = 10_000

/** An IDR of one slice in one packet. */
function idrPacket(channel: number, sequence: number): Buffer {
  const packet = Buffer.from([
    0x24,
    channel,
    0,
    16,
    0x80,
    0xe0,
    0,
    sequence,
    0,
    0,
    0,
    sequence,
    0,
    0,
    0,
    1,
    0x65,
    0x88,
    1,
    2,
  ])
  return packet
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 2))
}

describe('packets', () => {
  test('are taken from the channel that the camera chose', { timeout: limitMs }, async () => {
    const heard = new RecordedSource()
    await using camera = await scripted({
      setup: ['Session: 7', 'Transport: RTP/AVP/TCP;unicast;interleaved=4-5;ssrc=1'],
    })
    await using source = await open(camera, { listener: heard })
    camera.send(Buffer.concat([idrPacket(0, 1), idrPacket(4, 2), idrPacket(5, 3), idrPacket(4, 4)]))
    await heard.until(() => heard.units.length === 1)
    assert.deepEqual(
      heard.units.map((unit) => unit.rtpTimestamp),
      [2, 4],
    )
    assert.equal(source.video.announcedFps, null)
    camera.send(idrPacket(4, 5))
    await heard.until(() => heard.units.length >= 2)
  })

  test('that are missing are told', { timeout: limitMs }, async () => {
    const heard = new RecordedSource()
    await using camera = await scripted({})
    await using source = await open(camera, { listener: heard })
    camera.send(Buffer.concat([idrPacket(0, 1), idrPacket(0, 4)]))
    await heard.until(() => heard.packetsLost === 2)
    assert.equal(source.video.codec, 'h264')
  })

  test('with garbage between them still come', { timeout: limitMs }, async () => {
    const heard = new RecordedSource()
    await using camera = await scripted({})
    await using source = await open(camera, { listener: heard })
    camera.send(Buffer.concat([idrPacket(0, 1), Buffer.from('\r\n\0\0$\xff'), idrPacket(0, 2)]))
    await heard.until(() => heard.units.length === 2)
    assert.equal(source.video.codec, 'h264')
  })

  test('garbage without an end closes with protocol', { timeout: limitMs }, async () => {
    await using camera = await scripted({})
    await using source = await open(camera)
    camera.send(Buffer.alloc(100_000))
    assert.equal((await source.ended).code, 'protocol')
  })
})

describe('keeping the session', () => {
  for (const [offered, method] of [
    ['OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER', 'GET_PARAMETER'],
    ['OPTIONS, DESCRIBE, SETUP, PLAY', 'OPTIONS'],
  ] as const)
    test(`by ${method}, five seconds before it ends`, { timeout: limitMs }, async () => {
      const clock = new FakeClock()
      await using camera = await scripted({
        setup: ['Session: 7;timeout=30', 'Transport: RTP/AVP/TCP;interleaved=0-1'],
        answers: { OPTIONS: () => ({ headers: [`Public: ${offered}`] }) },
      })
      const heard = new RecordedSource()
      await using source = await open(camera, { clock, listener: heard })
      const before = camera.requests.length
      for (let beat = 1; beat <= 3; beat++) {
        clock.advance(24_999)
        assert.equal(camera.requests.length, before + beat - 1)
        clock.advance(1)
        await until(() => camera.requests.length === before + beat)
        // Behind the answer on the same connection: once this is in, the answer is.
        camera.send(idrPacket(0, beat))
        await heard.until(() => heard.units.length === beat)
      }
      assert.equal(camera.requests.at(-1)?.method, method)
      assert.equal(camera.requests.at(-1)?.header('session'), '7')
      assert.equal(source.video.codec, 'h264')
    })

  test('a timeout of decades is asked after every ten minutes', { timeout: limitMs }, async () => {
    const clock = new FakeClock()
    await using camera = await scripted({
      setup: ['Session: 7;timeout=4294967295', 'Transport: RTP/AVP/TCP;interleaved=0-1'],
    })
    await using source = await open(camera, { clock })
    const before = camera.requests.length
    clock.advance(599_999)
    assert.equal(camera.requests.length, before)
    clock.advance(1)
    await until(() => camera.requests.length === before + 1)
    assert.equal(source.video.codec, 'h264')
  })

  test(
    'a camera that asks something itself gets an answer and is not cut',
    { timeout: limitMs },
    async () => {
      const heard = new RecordedSource()
      await using camera = await scripted({})
      await using source = await open(camera, { listener: heard })
      camera.send('OPTIONS rtsp://x RTSP/1.0\r\nCSeq: 900\r\n\r\n')
      camera.send(idrPacket(0, 1))
      await heard.until(() => heard.units.length === 1)
      assert.equal(source.video.codec, 'h264')
    },
  )
})
