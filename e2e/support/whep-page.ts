import type { Page } from 'playwright-core'

/** One displayed frame. */
export interface ShownFrame {
  /** RTP timestamp as `requestVideoFrameCallback` tells it. */
  readonly callbackTimestamp: number | null
  /** RTP timestamp of the very picture on screen, by its VideoFrame. */
  readonly pictureTimestamp: number | null
  /** The number read from that picture. */
  readonly counter: number
  /** Page clock (`performance.now`): its last packet came, the callback ran. */
  readonly receivedAtMs: number | null
  readonly shownAtMs: number
}

/** A player in a page: plain RTCPeerConnection, one recvonly video section. */
export interface WhepPlayer {
  readonly offerSdp: string
  accept(answerSdp: string): Promise<void>
  shown(): Promise<readonly ShownFrame[]>
  waitForFrames(count: number): Promise<readonly ShownFrame[]>
  /** Of the DTLS transport: `closed` at once when the server ends the session; connectionState needs 5 s more. */
  dtlsState(): Promise<string>
  /** Of the candidate pair in use: `udp` or `tcp`; null before there is one. */
  transportProtocol(): Promise<string | null>
  close(): Promise<void>
}

/** Runs in the page: this repository has no DOM types outside the client, so it is text. */
const pageScript = `
  const players = []
  async function startPlayer(profileLevelId) {
    const connection = new RTCPeerConnection()
    const transceiver = connection.addTransceiver('video', { direction: 'recvonly' })
    if (profileLevelId !== null) {
      const codecs = RTCRtpReceiver.getCapabilities('video').codecs
      const line = 'packetization-mode=1;profile-level-id=' + profileLevelId
      transceiver.setCodecPreferences(codecs.filter((it) => (it.sdpFmtpLine ?? '').endsWith(line)))
    }
    const video = Object.assign(document.createElement('video'), { muted: true, autoplay: true })
    document.body.append(video)
    const player = { connection, video, shown: [] }
    connection.ontrack = (event) => {
      video.srcObject = new MediaStream([event.track])
      recordFrames(player)
    }
    await connection.setLocalDescription()
    return { index: players.push(player) - 1, offerSdp: connection.localDescription.sdp }
  }
  function recordFrames({ video, shown }) {
    const canvas = Object.assign(document.createElement('canvas'), { width: 160, height: 8 })
    const context = canvas.getContext('2d', { willReadFrequently: true })
    video.requestVideoFrameCallback(function onFrame(now, metadata) {
      video.requestVideoFrameCallback(onFrame)
      const picture = new VideoFrame(video)
      shown.push({
        callbackTimestamp: metadata.rtpTimestamp ?? null,
        pictureTimestamp: picture.metadata().rtpTimestamp ?? null,
        counter: readCounter(picture, context),
        receivedAtMs: metadata.receiveTime ?? null,
        shownAtMs: now,
      })
      picture.close()
    })
  }
  function readCounter(picture, context) {
    context.drawImage(picture, 0, 8, picture.displayWidth, 32, 0, 0, 160, 8)
    const { data } = context.getImageData(0, 4, 160, 1)
    let counter = 0
    for (let cell = 0; cell < 16; cell++)
      counter = counter * 2 + (data[(cell * 10 + 5) * 4 + 1] > 128 ? 1 : 0)
    return counter
  }
  async function transportProtocol(connection) {
    const stats = await connection.getStats()
    for (const it of stats.values())
      if (it.type === 'candidate-pair' && it.nominated && it.state === 'succeeded')
        return stats.get(it.localCandidateId)?.protocol ?? null
    return null
  }
`

/** Makes `page` one in which players can be started; once a page. */
export async function preparePlayerPage(page: Page): Promise<void> {
  await page.setContent('<!doctype html><title>players</title>')
  await page.addScriptTag({ content: pageScript })
}

/** `profileLevelId`: only this H.264 of the browser's is offered. */
export async function startPlayer(
  page: Page,
  options: { readonly profileLevelId?: string } = {},
): Promise<WhepPlayer> {
  const wanted = JSON.stringify(options.profileLevelId ?? null)
  const { index, offerSdp } = await page.evaluate<{ index: number; offerSdp: string }>(
    `startPlayer(${wanted})`,
  )
  const player = `players[${index}]`
  const shown = (): Promise<readonly ShownFrame[]> =>
    page.evaluate<readonly ShownFrame[]>(`${player}.shown`)
  return {
    offerSdp,
    accept: (answerSdp) =>
      page.evaluate<void>(
        `${player}.connection.setRemoteDescription({ type: 'answer', sdp: ${JSON.stringify(answerSdp)} })`,
      ),
    shown,
    async waitForFrames(count) {
      await page.waitForFunction(`${player}.shown.length >= ${count}`, null, { timeout: 30_000 })
      return shown()
    },
    dtlsState: () =>
      page.evaluate<string>(`${player}.connection.getReceivers()[0].transport.state`),
    transportProtocol: () =>
      page.evaluate<string | null>(`transportProtocol(${player}.connection)`),
    close: () => page.evaluate<void>(`${player}.connection.close()`),
  }
}
