import { arch, availableParallelism, platform } from 'node:os'
import type { SystemView } from '#protocol/api.ts'
import { protocolVersion } from '#protocol/version.ts'
import type { Clock } from '#std/clock.ts'
import { swapView } from './models/swap-view.ts'
import type { Engines } from './open-engines.ts'

/** `GET /api/system`: what runs here, as it is now. */
export function systemView(
  boot: Pick<SystemView, 'bootId' | 'startedAt' | 'version'>,
  { ffmpeg, detector, engine, relay }: Engines,
  clock: Clock,
): SystemView {
  const status = detector.status()
  const { ready, executionProvider, passedOver, model, sessions } = status
  const { state, progress, sinceWallMs, reason } = engine.status()
  return {
    name: 'sightline',
    ...boot,
    protocol: protocolVersion,
    runtime: {
      node: process.version,
      platform: platform(),
      arch: arch(),
      cpus: availableParallelism(),
    },
    ffmpeg: { path: ffmpeg.path, version: ffmpeg.version.text },
    inference: {
      ready,
      executionProvider,
      passedOver: [...passedOver],
      engine: { state, progress, since: new Date(sinceWallMs).toISOString(), reason },
      model: { ...model, classes: [...model.classes] },
      sessions: sessions.sessions,
      sessionsReason: sessions.reason,
      ...swapView(status, clock),
    },
    relay: { ready: relay.status().ready, viewers: relay.status().viewers },
  }
}
