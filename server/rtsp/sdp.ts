/** What of a session description (RFC 8866) an RTSP client needs. */
export interface SdpSession {
  /** Session-level `a=control`. */
  readonly control: string | null
  readonly media: readonly SdpMedia[]
}

export interface SdpMedia {
  /** `video`, `audio`, `application`, ... */
  readonly kind: string
  readonly payloadType: number
  /** Encoding name of `a=rtpmap`, upper case; for static types as RFC 3551 names them; null when unknown. */
  readonly encoding: string | null
  readonly clockRate: number
  readonly control: string | null
  readonly framerate: number | null
  /** Parameters of `a=fmtp`, names in lower case. */
  readonly parameters: ReadonlyMap<string, string>
}

/** RFC 3551 table 5: those that a camera may send without an rtpmap. */
const staticEncodings: Readonly<Record<number, string>> = {
  26: 'JPEG',
  31: 'H261',
  32: 'MPV',
  33: 'MP2T',
}

/** Lenient: lines it does not know are passed over. Takes the first format of each section. */
export function parseSdp(text: string): SdpSession {
  const sections = text.split(/^(?=m=)/m)
  const [session = ''] = sections[0]?.startsWith('m=') === true ? [''] : sections.splice(0, 1)
  return { control: attribute(session, 'control'), media: sections.map(parseMedia) }
}

function parseMedia(section: string): SdpMedia {
  const [, kind = '', format = ''] = /^m=(\S+)\s+\S+\s+\S+\s+(\d+)/.exec(section) ?? []
  const payloadType = Number(format)
  const { encoding, clockRate } = rtpmapOf(section, payloadType)
  const fmtp = new RegExp(`^a=fmtp:\\s*${payloadType}\\s+(.*)$`, 'm').exec(section)
  const framerate = Number(attribute(section, 'framerate') ?? Number.NaN)
  return {
    kind,
    payloadType,
    encoding,
    clockRate,
    control: attribute(section, 'control'),
    framerate: framerate > 0 ? framerate : null,
    parameters: parametersOf(fmtp?.[1] ?? ''),
  }
}

function rtpmapOf(
  section: string,
  payloadType: number,
): { encoding: string | null; clockRate: number } {
  const pattern = new RegExp(`^a=rtpmap:\\s*${payloadType}\\s+([^/\\s]+)(?:/(\\d+))?`, 'm')
  const [, name, clockRate] = pattern.exec(section) ?? []
  return {
    encoding: name?.toUpperCase() ?? staticEncodings[payloadType] ?? null,
    clockRate: Number(clockRate ?? 90_000),
  }
}

function attribute(section: string, name: string): string | null {
  return new RegExp(`^a=${name}:\\s*(\\S+)`, 'm').exec(section)?.[1] ?? null
}

function parametersOf(text: string): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>()
  for (const part of text.split(';')) {
    // Base64 ends in `=`: only the first one separates.
    const equals = part.indexOf('=')
    if (equals > 0)
      parameters.set(part.slice(0, equals).trim().toLowerCase(), part.slice(equals + 1).trim())
  }
  return parameters
}

/** NAL units of `sprop-parameter-sets` (RFC 6184 section 8.1); what is not base64 of something is left out. */
export function parameterSetsOf(media: SdpMedia): readonly Buffer[] {
  return (media.parameters.get('sprop-parameter-sets') ?? '')
    .split(',')
    .map((part) => Buffer.from(part.trim(), 'base64'))
    .filter((nal) => nal.length > 1)
}

/**
 * The URL to SET UP or PLAY (RFC 2326 appendix C.1.1): absolute as it is, `*` the base itself, else behind the base.
 * A base with a query (`rtsp://host/cam?channel=1`) gets the control behind the query, as cameras with such URLs expect.
 */
export function controlUrl(base: string, control: string | null): string {
  if (control === null || control === '*') return base
  if (/^rtsps?:\/\//i.test(control)) return control
  if (control.startsWith('/')) {
    const origin = /^rtsps?:\/\/[^/]+/i.exec(base)?.[0] ?? ''
    return origin + control
  }
  return base.endsWith('/') ? base + control : `${base}/${control}`
}
