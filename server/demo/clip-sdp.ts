import type { Clip } from './clip.ts'

/** The payload type of the first dynamic mapping (RFC 3551 section 6). */
export const payloadType = 96

/** What `DESCRIBE` answers for a clip (RFC 6184 section 8.2.1). */
export function clipSdp(clip: Clip, fps: number): string {
  const profile = clip.sps.toString('hex', 1, 4)
  const sets = `${clip.sps.toString('base64')},${clip.pps.toString('base64')}`
  return sessionSdp([
    `m=video 0 RTP/AVP ${payloadType}`,
    `a=rtpmap:${payloadType} H264/90000`,
    `a=fmtp:${payloadType} packetization-mode=1;profile-level-id=${profile};sprop-parameter-sets=${sets}`,
    `a=framerate:${fps}`,
    'a=control:trackID=0',
  ])
}

export function sessionSdp(media: readonly string[]): string {
  const session = ['v=0', 'o=- 0 0 IN IP4 127.0.0.1', 's=Sightline', 'c=IN IP4 0.0.0.0', 't=0 0']
  return [...session, 'a=control:*', 'a=range:npt=0-', ...media, ''].join('\r\n')
}
