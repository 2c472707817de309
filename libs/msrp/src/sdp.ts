import { DecodeError } from '@ipsmgw/bytes'
import { decodeFingerprint, type Fingerprint } from './fingerprint.ts'

const PROTOCOL = 'SDP'
const MOST_LINES = 256
const MOST_MEDIA = 16
/** Media that can be answered with a path of ours (RFC 4975 §8.1). */
const TRANSPORTS = { 'TCP/MSRP': 'tcp', 'TCP/TLS/MSRP': 'tls' } as const
export type MsrpTransport = (typeof TRANSPORTS)[keyof typeof TRANSPORTS]

/** One m= line and what it, or the session around it, says of an MSRP session. */
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
  /** Certificates of the other side (RFC 8122), those that prove nothing left out; undefined: it announces none. */
  readonly fingerprints: readonly Fingerprint[] | undefined
}

/** An offer (RFC 4566), as far as messages need it. Throws DecodeError. */
export function decodeOffer(octets: Buffer): readonly OfferedMedia[] {
  const lines = octets.toString('utf8').split(/\r?\n/)
  if (lines.length > MOST_LINES) throw new DecodeError(PROTOCOL, 'session', 0, 'overlength')
  if (lines[0] !== 'v=0') throw new DecodeError(PROTOCOL, 'v', 0, 'invalid')
  const session: string[] = []
  const sections: string[][] = []
  for (const line of lines.filter((it) => it !== '')) {
    // A lone CR is a line break to some: what is repeated in the answer must not add one.
    if (!/^[a-z]=[^\r\0]*$/.test(line)) throw new DecodeError(PROTOCOL, 'line', 0, 'invalid')
    if (line.startsWith('m=')) sections.push([line])
    else (sections.at(-1) ?? session).push(line)
  }
  if (sections.length === 0) throw new DecodeError(PROTOCOL, 'm', 0, 'missing')
  if (sections.length > MOST_MEDIA) throw new DecodeError(PROTOCOL, 'm', 0, 'overlength')
  return sections.map((section) => mediaOf(section, session))
}

function mediaOf([line = '', ...lines]: readonly string[], session: readonly string[]): OfferedMedia {
  const [, media, port, protocol = ''] = /^m=(\S+) (\d{1,5})(?:\/\d+)? (\S+) \S/.exec(line) ?? []
  if (media === undefined || port === undefined) throw new DecodeError(PROTOCOL, 'm', 0, 'invalid')
  /** What stands at the media counts, else what stands at the session (RFC 8122 §5, RFC 4145 §4). */
  const attributes = (name: string) => {
    const own = valuesOf(lines, name)
    return own.length > 0 ? own : valuesOf(session, name)
  }
  const list = (name: string) => attributes(name)[0]?.split(/\s+/).filter(Boolean) ?? []
  const isMessages = media === 'message' && port !== '0' && Object.hasOwn(TRANSPORTS, protocol)
  const directions = ['sendonly', 'recvonly', 'inactive', 'sendrecv'] as const
  const direction = (section: readonly string[]) => directions.find((it) => valuesOf(section, it).length > 0)
  const fingerprints = attributes('fingerprint')
  return {
    line,
    transport: isMessages ? TRANSPORTS[protocol as keyof typeof TRANSPORTS] : undefined,
    path: list('path'),
    acceptTypes: list('accept-types'),
    setup: attributes('setup')[0]?.toLowerCase(),
    direction: direction(lines) ?? direction(session) ?? 'sendrecv',
    fingerprints:
      fingerprints.length === 0
        ? undefined
        : fingerprints.map(decodeFingerprint).filter((it) => it !== undefined),
  }
}

/** Values of all attributes of that name; that of one without value is empty. */
function valuesOf(lines: readonly string[], name: string): string[] {
  const start = `a=${name}`
  return lines
    .filter((line) => line === start || line.startsWith(`${start}:`))
    .map((line) => line.slice(start.length + 1).trim())
}

export interface AnswerOptions {
  readonly host: string
  readonly port: number
  /** Own MSRP URI. */
  readonly path: string
  /** Who opens the connection; undefined: the offer does not ask, and its sender does. */
  readonly setup: 'active' | 'passive' | undefined
  /** Of the own certificate, with TLS. */
  readonly fingerprint: string | undefined
  readonly acceptTypes: readonly string[]
  readonly maximumOctets: number
  /** Session id and version of o=. */
  readonly id: number
}

/** The answer: one media is taken to receive, the others are refused (RFC 3264 §6). */
export function encodeAnswer(
  offer: readonly OfferedMedia[],
  taken: OfferedMedia,
  options: AnswerOptions,
): string {
  const { host, id } = options
  const family = host.includes(':') ? 'IP6' : 'IP4'
  const lines = ['v=0', `o=- ${id} ${id} IN ${family} ${host}`, 's=-', `c=IN ${family} ${host}`, 't=0 0']
  for (const media of offer)
    lines.push(...(media === taken ? takenMedia(media, options) : [withPort(media, 0)]))
  return `${lines.join('\r\n')}\r\n`
}

function takenMedia(media: OfferedMedia, options: AnswerOptions): string[] {
  const { port, path, setup, fingerprint, acceptTypes, maximumOctets } = options
  return [
    withPort(media, port),
    `a=accept-types:${acceptTypes.join(' ')}`,
    `a=path:${path}`,
    ...(setup === undefined ? [] : [`a=setup:${setup}`]),
    ...(fingerprint === undefined ? [] : [`a=fingerprint:${fingerprint}`]),
    'a=recvonly',
    `a=max-size:${maximumOctets}`,
  ]
}

function withPort({ line }: OfferedMedia, port: number): string {
  return line.replace(/^(m=\S+) \S+/, `$1 ${port}`)
}
