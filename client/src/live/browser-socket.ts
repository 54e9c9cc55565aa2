import type { OpenSocket } from './socket.ts'

/** The browser's WebSocket to the server that this page came from. */
export const openBrowserSocket: OpenSocket = (subprotocol, on) => {
  const url = new URL('/ws/detections', location.href)
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
  const socket = new WebSocket(url, subprotocol)
  socket.addEventListener('open', () => on.open())
  socket.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
    if (typeof data === 'string') on.message(data)
  })
  // An error is always followed by a close.
  socket.addEventListener('close', () => on.close())
  return {
    send: (text) => socket.send(text),
    close: () => socket.close(),
    get bufferedAmount() {
      return socket.bufferedAmount
    },
  }
}
