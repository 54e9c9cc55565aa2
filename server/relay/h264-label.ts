/**
 * The one name under which every H.264 camera is produced and consumed, whatever its profile: browsers without a
 * hardware decoder offer no High, and decoders go by the SPS (Main and High play under it in Chromium 156).
 */
export const h264Label = {
  kind: 'video',
  mimeType: 'video/H264',
  clockRate: 90_000,
  parameters: {
    'packetization-mode': 1,
    'profile-level-id': '42e01f',
    'level-asymmetry-allowed': 1,
  },
} as const
