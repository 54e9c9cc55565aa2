import { CodedError } from '#std/coded-error.ts'
import type { StampedUnit } from '../source/stamped-unit.ts'

export type RelayCode =
  | 'unknown_camera'
  | 'bad_offer'
  | 'no_common_codec'
  | 'relay_restarting'
  | 'too_many_viewers'
  | 'unknown_session'

/** `message` is a sentence for the person who wrote the player. */
export class RelayError extends CodedError<RelayCode> {
  override readonly name = 'RelayError'
}

/** The media path of one camera to its viewers. */
export interface RelayCamera extends Disposable {
  /** Packetizes and sends to everyone who watches; nothing happens while nobody does. */
  send(stamped: StampedUnit): void
  readonly viewers: number
}

export interface RelayStatus {
  /** A worker runs and viewers can join. */
  readonly ready: boolean
  readonly reason: string | null
  readonly restarts: number
  readonly viewers: number
  readonly workerPid: number | null
}

/** Access units in, WebRTC out; a WHEP endpoint's other half (draft-ietf-wish-whep). */
export interface Relay extends AsyncDisposable {
  addCamera(cameraId: string): RelayCamera
  /** One recvonly video section in, the complete answer out (no trickle). Throws RelayError. */
  watch(
    cameraId: string,
    offerSdp: string,
  ): Promise<{ readonly sessionId: string; readonly answerSdp: string }>
  /** False: there is no such session. */
  unwatch(sessionId: string): boolean
  status(): RelayStatus
}
