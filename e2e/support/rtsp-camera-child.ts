import { sleep, systemClock } from '#std/clock.ts'
import { type CameraCommand, type ChildReport, startRtspCamera } from './rtsp-camera.ts'

// The other half of `startRtspCamera({ process: 'child' })`: one camera, controlled over the fork's channel; it ends
// with its parent.

const report = (message: ChildReport): void => void process.send?.(message)

const camera = await startRtspCamera(JSON.parse(process.argv[2] ?? '{}'))
process.once('disconnect', () => process.exit(0))
process.on('message', (order: { readonly id: number; readonly command: CameraCommand }) => {
  void camera[order.command]().then(() => report({ kind: 'done', id: order.id }))
})
report({ kind: 'listening', port: camera.port })

// Off the sending path: the channel costs more than a frame's write.
let told = 0
for (;;) {
  await sleep(systemClock, 20)
  const entries = camera.sent.slice(told)
  if (entries.length > 0) report({ kind: 'sent', entries })
  told = camera.sent.length
}
