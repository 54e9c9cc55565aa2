import { type Clock, systemClock } from '#std/clock.ts'
import type { RtspRequest } from '../rtsp/rtsp-message.ts'
import { ScriptedCamera, type Script, type ScriptedAnswer } from '../rtsp/scripted-camera.ts'
import { RecordedSource } from './recorded-source.ts'
import { rtspSource } from './rtsp-source.ts'
import type { Source } from './source.ts'

const sets = 'sprop-parameter-sets=Z0LAHtkAoC/5cA==,aMuDyyA='

/** For tests: an H.264 camera that answers as usual but for what is said here. */
export interface CameraPlan {
  /** Of the video section; null = none is given. */
  readonly control?: string | null
  readonly sessionControl?: string | null
  readonly describeHeaders?: readonly string[]
  readonly before?: readonly string[]
  readonly setup?: readonly string[]
  readonly answers?: Readonly<
    Record<string, (request: RtspRequest, nth: number) => ScriptedAnswer | null>
  >
}

export function scriptOf(plan: CameraPlan): Script {
  const counts = new Map<string, number>()
  const { control = 'trackID=1', sessionControl = '*' } = plan
  const sdp = [
    'v=0',
    ...(sessionControl === null ? [] : [`a=control:${sessionControl}`]),
    ...(plan.before ?? []),
    'm=video 0 RTP/AVP 96',
    'a=rtpmap:96 H264/90000',
    `a=fmtp:96 packetization-mode=1;${sets}`,
    ...(control === null ? [] : [`a=control:${control}`]),
    '',
  ].join('\r\n')
  return (request) => {
    const nth = (counts.get(request.method) ?? 0) + 1
    counts.set(request.method, nth)
    const special = plan.answers?.[request.method]
    if (special !== undefined) return special(request, nth)
    if (request.method === 'DESCRIBE') return { headers: plan.describeHeaders ?? [], body: sdp }
    if (request.method === 'SETUP')
      return { headers: plan.setup ?? ['Session: 7', 'Transport: RTP/AVP/TCP;interleaved=0-1'] }
    return {}
  }
}

export async function scripted(plan: CameraPlan): Promise<ScriptedCamera> {
  return new ScriptedCamera(scriptOf(plan)).listen()
}

export function open(
  camera: ScriptedCamera,
  options: { path?: string; user?: string; listener?: RecordedSource; clock?: Clock } = {},
): Promise<Source> {
  const {
    path = '/live',
    user = '',
    listener = new RecordedSource(),
    clock = systemClock,
  } = options
  const attempt = { signal: new AbortController().signal, connectPatienceMs: 2000 }
  return rtspSource({ url: `rtsp://${user}${camera.address}${path}`, clock })(listener, attempt)
}
