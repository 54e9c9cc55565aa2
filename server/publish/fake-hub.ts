import { FakeClock } from '#std/fake-clock.ts'
import { silentLog } from '#std/log.ts'
import { FakeSocket } from './fake-socket.ts'
import { SubscriberHub } from './subscriber-hub.ts'

/** For tests: a hub with a fake clock, whose clients are fake sockets. */
export function openFakeHub(options: { readonly subscribersMax?: number } = {}) {
  const clock = new FakeClock()
  const hub = new SubscriberHub({
    clock,
    log: silentLog,
    serverVersion: '1.2.3',
    bootId: 'boot-2',
    subscribersMax: 10,
    ...options,
  })
  return { clock, hub, settle: () => new Promise((resolve) => setImmediate(resolve)), join }

  function join() {
    const socket = new FakeSocket()
    const subscriber = hub.admit(socket)
    let answered = 0
    return {
      clock,
      socket,
      subscriber,
      saysText: (text: string) => subscriber?.onText(text),
      says: (message: object) => subscriber?.onText(JSON.stringify(message)),
      answersPings() {
        for (; answered < socket.pingIds.length; answered++) {
          const payload = Buffer.alloc(4)
          payload.writeUInt32BE(socket.pingIds[answered] ?? 0)
          subscriber?.onPong(payload)
        }
      },
    }
  }
}
