import { parseNameAddr } from '../address.ts'
import { SipParseError } from '../errors.ts'
import { headerKey } from '../headers.ts'
import type { HeaderEntry } from '../messages.ts'
import { headerEntries, serializeRequest } from '../serialize.ts'
import { parseUri } from '../uri.ts'
import type { OutgoingRequest, SipDestination, Transport } from './types.ts'

/** Above this a request goes over a reliable transport when the caller left the choice (RFC 3261 §18.1.1). */
const UDP_REQUEST_OCTETS = 1300

/** The identifiers an endpoint adds to a request of its own. */
export interface OwnParts {
  readonly branch: string
  readonly tag: string
  readonly callId: string
  /** `host:port` of the listener whose transport is used. */
  readonly sentBy: string
}

/** The request as octets: own Via on top, mandatory headers added where missing (RFC 3261 §8.1.1). */
export function composeRequest(request: OutgoingRequest, transport: Transport, own: OwnParts): string {
  const given = headerEntries(request.headers)
  const keys = new Set(given.map(([name]) => headerKey(name)))
  const rport = transport === 'udp' ? ';rport' : ''
  const entries: HeaderEntry[] = [
    ['Via', `SIP/2.0/${transport.toUpperCase()} ${own.sentBy};branch=${own.branch}${rport}`],
  ]
  for (const [name, value] of given) {
    const tagless = headerKey(name) === 'from' && !keys.has('via') && parseNameAddr(value).tag === undefined
    entries.push([name, tagless ? `${value};tag=${own.tag}` : value])
  }
  if (!keys.has('max-forwards')) entries.push(['Max-Forwards', '70'])
  if (!keys.has('from')) entries.push(['From', `<sip:${own.sentBy}>;tag=${own.tag}`])
  if (!keys.has('to')) entries.push(['To', `<${request.uri}>`])
  if (!keys.has('call-id')) entries.push(['Call-ID', own.callId])
  if (!keys.has('cseq')) entries.push(['CSeq', `1 ${request.method}`])
  return serializeRequest(request.method, request.uri, entries, request.body)
}

/** Where a request goes when the caller does not say: the first Route, else the Request-URI. Throws SipParseError. */
export function destinationOf(request: OutgoingRequest): SipDestination {
  const route = headerEntries(request.headers).find(([name]) => headerKey(name) === 'route')
  const uri = route === undefined ? parseUri(request.uri) : firstRoute(route[1])
  if (uri.kind !== 'sip') throw new SipParseError('uri', 'Request-URI', 0, 'no destination in it')
  const secure = uri.scheme === 'sips'
  const asked = uri.params.get('transport')?.toLowerCase()
  const large = estimatedOctets(request) > UDP_REQUEST_OCTETS
  const transport =
    secure || asked === 'tls' ? 'tls' : asked === 'tcp' || (asked === undefined && large) ? 'tcp' : 'udp'
  return {
    transport,
    host: uri.host.replace(/^\[|\]$/g, ''),
    port: uri.port ?? (transport === 'tls' ? 5061 : 5060),
  }
}

/** Start line and headers that will be added count as a fixed share. */
function estimatedOctets(request: OutgoingRequest): number {
  let octets = 300 + 2 * request.uri.length + Buffer.byteLength(request.body ?? '')
  for (const [name, value] of headerEntries(request.headers)) octets += name.length + value.length + 4
  return octets
}

function firstRoute(value: string) {
  const close = value.indexOf('>')
  return parseNameAddr(close < 0 ? value : value.slice(0, close + 1)).uri
}
