import { DecodeError } from '@ipsmgw/bytes'

const PROTOCOL = 'SDP'
const MOST_LINES = 256
const MOST_MEDIA = 16
/** Media that can be answered with a path of ours (RFC 4975 §8.1). */
const TRANSPORTS = { 'TCP/MSRP': 'tcp', 'TCP/TLS/MSRP': 'tls' } as const
export type MsrpTransport = (typeof TRANSPORTS)[keyof typeof TRANSPORTS]

/** One m= line and what it says of an MSRP session. */
export interface OfferedMedia {
  /** The line as it stands: it is repeated, with port 0, when it is not taken. */
  readonly line: string
  /** Undefined: it is no message session. */
  readonly transport: MsrpTransport | undefined
  readonly path: readonly string[]
  readonly acceptTypes: readonly string[]
  /** Who opens the connection (RFC 6135 §4.2); without it the offerer. */
  readonly setup: string | undefined
  readonly direction: 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive'
}

/** An offer (RFC 4566), as far as messages need it. Throws DecodeError. */
export function decodeOffer(octets: Buffer): readonly OfferedMedia[] {
  const lines = octets.toString('utf8').split(/\r?\n/)
  if (lines.length > MOST_LINES) throw new DecodeError(PROTOCOL, 'session', 0, 'overlength')
  if (lines[0] !== 'v=0') throw new DecodeError(PROTOCOL, 'v', 0, 'invalid')
  const sections: string[][] = []
  for (const line of lines.filter((it) => it !== '')) {
    // A lone CR is a line break to some: what is repeated in the answer must not add one.
    if (!/^[a-z]=[^\r\0]*$/.test(line)) throw new DecodeError(PROTOCOL, 'line', 0, 'invalid')
    if (line.startsWith('m=')) sections.push([line])
    else sections.at(-1)?.push(line)
  }
  if (sections.length === 0) throw new DecodeError(PROTOCOL, 'm', 0, 'missing')
  if (sections.length > MOST_MEDIA) throw new DecodeError(PROTOCOL, 'm', 0, 'overlength')
  return sections.map(mediaOf)
}

function mediaOf([line = '', ...attributes]: readonly string[]): OfferedMedia {
  const [, media, port, protocol = ''] = /^m=(\S+) (\d{1,5})(?:\/\d+)? (\S+) \S/.exec(line) ?? []
  if (media === undefined || port === undefined) throw new DecodeError(PROTOCOL, 'm', 0, 'invalid')
  const attribute = (name: string) => {
    const start = `a=${name}`
    const found = attributes.find((it) => it === start || it.startsWith(`${start}:`))
    return found?.slice(start.length + 1).trim()
  }
  const list = (name: string) => attribute(name)?.split(/\s+/).filter(Boolean) ?? []
  const isMessages = media === 'message' && port !== '0' && Object.hasOwn(TRANSPORTS, protocol)
  const directions = ['sendonly', 'recvonly', 'inactive'] as const
  return {
    line,
    transport: isMessages ? TRANSPORTS[protocol as keyof typeof TRANSPORTS] : undefined,
    path: list('path'),
    acceptTypes: list('accept-types'),
    setup: attribute('setup'),
    direction: directions.find((it) => attribute(it) !== undefined) ?? 'sendrecv',
  }
}

export interface AnswerOptions {
  readonly host: string
  readonly port: number
  /** Own MSRP URI. */
  readonly path: string
  readonly acceptTypes: readonly string[]
  readonly maximumOctets: number
  /** Session id and version of o=. */
  readonly id: number
}

/** The answer: one media is taken to receive by whoever connects, the others are refused (RFC 3264 §6). */
export function encodeAnswer(
  offer: readonly OfferedMedia[],
  taken: OfferedMedia,
  options: AnswerOptions,
): string {
  const { host, port, path, acceptTypes, maximumOctets, id } = options
  const family = host.includes(':') ? 'IP6' : 'IP4'
  const lines = ['v=0', `o=- ${id} ${id} IN ${family} ${host}`, 's=-', `c=IN ${family} ${host}`, 't=0 0']
  for (const media of offer) {
    if (media !== taken) {
      lines.push(media.line.replace(/^(m=\S+) \S+/, '$1 0'))
      continue
    }
    lines.push(media.line.replace(/^(m=\S+) \S+/, `$1 ${port}`))
    lines.push(`a=accept-types:${acceptTypes.join(' ')}`, `a=path:${path}`, 'a=setup:passive', 'a=recvonly')
    lines.push(`a=max-size:${maximumOctets}`)
  }
  return `${lines.join('\r\n')}\r\n`
}
