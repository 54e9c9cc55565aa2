import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock } from '../fake-clock.ts'
import { Player, type Peer, type PeerProgress } from './player.ts'
import type { Joined } from './whep.ts'

class FakePeer implements Peer<string> {
  onStream: ((stream: string) => void) | null = null
  onState: ((state: RTCPeerConnectionState) => void) | null = null
  packets = 0
  frames = 0
  waitMs: number | null = null
  closed = false

  offer(): Promise<string> {
    return Promise.resolve('offer')
  }

  accept(answerSdp: string): Promise<void> {
    return answerSdp === 'bad' ? Promise.reject(new Error('bad answer')) : Promise.resolve()
  }

  setWaitMs(waitMs: number): void {
    this.waitMs = waitMs
  }

  progress(): Promise<PeerProgress> {
    return Promise.resolve({ packetsReceived: this.packets, framesDecoded: this.frames })
  }

  close(): void {
    this.closed = true
  }
}

class Scene {
  readonly clock = new FakeClock()
  readonly peers: FakePeer[] = []
  readonly left: string[] = []
  readonly statuses: string[] = []
  readonly streams: string[] = []
  kept = 0
  answer: () => Promise<Joined> = () =>
    Promise.resolve({ ok: true, answerSdp: 'answer', resourceUrl: `/s/${this.peers.length}` })
  readonly player = new Player<string>({
    cameraId: 'gate',
    clock: this.clock,
    random: () => 0.5,
    whep: { join: () => this.answer(), leave: (url) => this.left.push(url) },
    openPeer: () => {
      const peer = new FakePeer()
      this.peers.push(peer)
      return peer
    },
    onStream: (stream) => this.streams.push(stream),
    onLeave: () => void this.kept++,
    onStatus: ({ kind }) => this.statuses.push(kind),
  })

  get peer(): FakePeer {
    const peer = this.peers.at(-1)
    assert.ok(peer !== undefined)
    return peer
  }

  /** Joined, connected, and the camera live. */
  async play(fps: number | null = 25): Promise<void> {
    this.player.expect({ live: true, fps })
    this.player.start()
    await this.clock.advance(50)
    this.peer.onState?.('connected')
    await this.flow(600)
  }

  /** Media arrives all the time. */
  async flow(forMs: number): Promise<void> {
    const { peer } = this
    for (let doneMs = 0; doneMs < forMs; doneMs += 50) {
      peer.packets++
      peer.frames++
      await this.clock.advance(50)
    }
  }
}

test('a server that refuses is asked again with growing delays', async () => {
  const scene = new Scene()
  scene.answer = () => Promise.resolve({ ok: false, message: 'The relay restarts.' })
  scene.player.start()
  await scene.clock.advance(250 + 500 + 1_000 + 100)
  assert.equal(scene.peers.length, 4)
  assert.equal(scene.player.lastEnd, 'The relay restarts.')
  assert.ok(scene.peers.every(({ closed }, i) => closed || i === 3))
})

test('an answer that the browser cannot use ends that try, not the player', async () => {
  const scene = new Scene()
  scene.answer = () => Promise.resolve({ ok: true, answerSdp: 'bad', resourceUrl: '/s/1' })
  scene.player.start()
  await scene.clock.advance(100)
  assert.deepEqual([scene.player.lastEnd, scene.left], ['bad answer', ['/s/1']])
  await scene.clock.advance(250)
  assert.equal(scene.peers.length, 2)
})

const ends: readonly { name: string; during: (scene: Scene) => Promise<void>; lastEnd: string }[] =
  [
    {
      name: 'no connection within 8 s',
      during: async (scene) => {
        scene.player.start()
        await scene.clock.advance(8_200)
      },
      lastEnd: 'no connection',
    },
    {
      name: 'a failed connection',
      during: async (scene) => {
        await scene.play()
        scene.peer.onState?.('failed')
      },
      lastEnd: 'connection failed',
    },
    {
      name: 'a connection that stays lost',
      during: async (scene) => {
        await scene.play()
        scene.peer.onState?.('disconnected')
        await scene.flow(2_100)
      },
      lastEnd: 'disconnected',
    },
    {
      name: 'silence while the camera is live',
      during: async (scene) => {
        await scene.play()
        await scene.clock.advance(2_600)
      },
      lastEnd: 'no packets',
    },
    {
      name: 'packets that never become a picture',
      during: async (scene) => {
        await scene.play()
        for (let i = 0; i < 310; i++) {
          scene.peer.packets++
          await scene.clock.advance(100)
        }
      },
      lastEnd: 'no pictures',
    },
    {
      name: 'another server process',
      during: async (scene) => {
        await scene.play()
        scene.player.restart('server restarted')
      },
      lastEnd: 'server restarted',
    },
  ]
for (const { name, during, lastEnd } of ends)
  test(`${name}: it leaves, keeps the picture, and joins again`, async () => {
    const scene = new Scene()
    await during(scene)
    await scene.clock.advance(400)
    assert.equal(scene.player.lastEnd, lastEnd)
    assert.equal(scene.peers.length, 2)
    assert.deepEqual([scene.peers[0]?.closed, scene.left, scene.kept], [true, ['/s/1'], 1])
  })

const stays: readonly { name: string; during: (scene: Scene) => Promise<void> }[] = [
  {
    name: 'a lost connection that comes back',
    during: async (scene) => {
      await scene.play()
      scene.peer.onState?.('disconnected')
      await scene.flow(1_000)
      scene.peer.onState?.('connected')
      await scene.flow(5_000)
    },
  },
  {
    name: 'silence while the camera is not live',
    during: async (scene) => {
      await scene.play()
      scene.player.expect({ live: false, fps: 25 })
      await scene.clock.advance(60_000)
    },
  },
  {
    name: 'the first second after the camera came back',
    during: async (scene) => {
      await scene.play()
      scene.player.expect({ live: false, fps: 25 })
      await scene.clock.advance(60_000)
      scene.player.expect({ live: true, fps: 25 })
      await scene.clock.advance(1_000)
    },
  },
  {
    name: 'a camera with one picture in 5 s',
    during: async (scene) => {
      await scene.play(0.2)
      await scene.clock.advance(15_000)
    },
  },
  {
    name: '20 s until the first key frame',
    during: async (scene) => {
      scene.player.expect({ live: true, fps: 25 })
      scene.player.start()
      await scene.clock.advance(50)
      scene.peer.onState?.('connected')
      await scene.clock.advance(20_000)
    },
  },
]
for (const { name, during } of stays)
  test(`${name}: it stays`, async () => {
    const scene = new Scene()
    await during(scene)
    assert.deepEqual([scene.peers.length, scene.left], [1, []])
  })

test('stopped while the server answers, it leaves the session that the answer brings', async () => {
  const scene = new Scene()
  let answer: (joined: Joined) => void = () => undefined
  scene.answer = () => new Promise((resolve) => (answer = resolve))
  scene.player.start()
  await scene.clock.advance(50)
  scene.player.stop()
  await scene.clock.advance(50)
  answer({ ok: true, answerSdp: 'answer', resourceUrl: '/s/late' })
  await scene.clock.advance(50)
  assert.deepEqual([scene.left, scene.statuses.at(-1)], [['/s/late'], 'off'])
  assert.equal(scene.clock.pendingCount, 0)
})

test('stopped while it waits, it is off at once', async () => {
  const scene = new Scene()
  scene.answer = () => Promise.resolve({ ok: false, message: 'no' })
  scene.player.start()
  await scene.clock.advance(50)
  scene.player.stop()
  await scene.clock.advance(50)
  assert.deepEqual([scene.statuses.at(-1), scene.clock.pendingCount], ['off', 0])
})

test('awake, it does not wait out its delay', async () => {
  const scene = new Scene()
  scene.answer = () => Promise.resolve({ ok: false, message: 'no' })
  scene.player.start()
  await scene.clock.advance(3_000)
  const before = scene.peers.length
  scene.player.wake()
  await scene.clock.advance(50)
  assert.equal(scene.peers.length, before + 1)
})

test('a page that closes leaves once', async () => {
  const scene = new Scene()
  await scene.play()
  scene.player.leaveNow()
  scene.player.stop()
  await scene.clock.advance(50)
  assert.deepEqual(scene.left, ['/s/1'])
})

test('the wait of Exact holds for this connection and the next', async () => {
  const scene = new Scene()
  await scene.play()
  scene.player.setWaitMs(150)
  scene.peer.onState?.('failed')
  await scene.clock.advance(400)
  assert.deepEqual(
    scene.peers.map(({ waitMs }) => waitMs),
    [150, 150],
  )
})

test('streams are handed on until the connection ends', async () => {
  const scene = new Scene()
  await scene.play()
  scene.peer.onStream?.('stream')
  assert.deepEqual(scene.streams, ['stream'])
  assert.deepEqual(scene.statuses, ['joining', 'joined'])
})
