import { problemSchema } from '#protocol/api.ts'
import { parseJson } from '#protocol/parse.ts'
import type { Clock } from '../clock.ts'

/** What joining a camera came to (draft-ietf-wish-whep). */
export type Joined =
  | { readonly ok: true; readonly answerSdp: string; readonly resourceUrl: string | null }
  | { readonly ok: false; readonly message: string }

/** The two requests of a WHEP player. */
export interface Whep {
  join(cameraId: string, offerSdp: string): Promise<Joined>
  /** Told to the server also while the page is closing; nothing waits for the answer. */
  leave(resourceUrl: string): void
}

/** The server answers within milliseconds or not at all. */
const answerMsMax = 8_000

export function openWhep(options: {
  readonly clock: Clock
  readonly fetch: (url: string, request: RequestInit) => Promise<Response>
}): Whep {
  const { clock, fetch } = options
  return {
    async join(cameraId, offerSdp) {
      const giveUp = new AbortController()
      const timer = clock.after(answerMsMax, () => giveUp.abort())
      try {
        const response = await fetch(`/whep/${encodeURIComponent(cameraId)}`, {
          method: 'POST',
          headers: { 'content-type': 'application/sdp' },
          body: offerSdp,
          signal: giveUp.signal,
        })
        const text = await response.text()
        if (!response.ok) return { ok: false, message: said(text, response.status) }
        return { ok: true, answerSdp: text, resourceUrl: response.headers.get('location') }
      } catch {
        return { ok: false, message: 'The server does not answer.' }
      } finally {
        timer.cancel()
      }
    },
    leave(resourceUrl) {
      // The server ends a session whose viewer has gone by itself; this only makes it sooner.
      fetch(resourceUrl, { method: 'DELETE', keepalive: true }).catch(() => undefined)
    },
  }
}

function said(body: string, status: number): string {
  const problem = parseJson(problemSchema, body)
  return problem.ok ? problem.value.detail : `The server answered ${status}.`
}
