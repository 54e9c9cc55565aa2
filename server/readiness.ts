import type { DetectorStatus } from '#gpu/detector.ts'
import type { Readiness } from '#protocol/api.ts'
import type { RelayStatus } from './relay/relay.ts'

/** What `/readyz` says: ready when frames can be detected and viewers can join; a camera that is away changes nothing. */
export function readinessOf(parts: {
  readonly detector: Pick<DetectorStatus, 'ready' | 'reason' | 'restarts'>
  readonly relay: Pick<RelayStatus, 'ready' | 'reason' | 'restarts'>
  readonly decoderRestarts: number
}): Readiness {
  const reasons: Readiness['reasons'] = []
  const { detector, relay } = parts
  if (!detector.ready)
    reasons.push({ code: 'inference', message: detector.reason ?? 'the model does not serve' })
  if (!relay.ready) reasons.push({ code: 'relay', message: relay.reason ?? 'viewers cannot join' })
  return {
    ready: reasons.length === 0,
    reasons,
    restarts: {
      decoder: parts.decoderRestarts,
      relay: relay.restarts,
      inference: detector.restarts,
    },
  }
}
