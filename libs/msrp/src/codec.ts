import { DecodeError, EncodeError } from '@ipsmgw/bytes'
import { type ByteRange, COMMENTS, type Continuation, type MsrpHead, type MsrpStatus } from './messages.ts'

const PROTOCOL = 'MSRP'
const START = /^MSRP ([A-Za-z0-9][A-Za-z0-9.\-+%=]{3,31}) (?:([A-Z]{1,32})|([0-9]{3})(?: (.*))?)$/
const HEADER = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+): ?(.*)$/
const URI = /^msrps?:\/\/[!#-;=?-Z[\]_a-z~]+;tcp(;[!#-:=?-Z[\]_a-z~;]*)?$/i
const RANGE = /^([0-9]{1,10})-([0-9]{1,10}|\*)\/([0-9]{1,10}|\*)$/
const MOST_HOPS = 16
const END_DASHES = '-------'

/** What the start line of a message says. */
export type StartLine =
  | { readonly kind: 'request'; readonly transactionId: string; readonly method: string }
  | {
      readonly kind: 'response'
      readonly transactionId: string
      readonly status: number
      readonly comment: string
    }

/** RFC 4975 §9: `MSRP transact-id method` or `MSRP transact-id status comment`. Throws DecodeError. */
export function decodeStartLine(line: string): StartLine {
  const [, transactionId = '', method, status, comment = ''] = START.exec(line) ?? []
  if (method !== undefined) return { kind: 'request', transactionId, method }
  if (status !== undefined) return { kind: 'response', transactionId, status: Number(status), comment }
  throw new DecodeError(PROTOCOL, 'start-line', 0, 'invalid')
}

/** Header lines of a message, without the empty one. To-Path stands first, From-Path second (§7.1). Throws DecodeError. */
export function decodeHeaders(transactionId: string, lines: readonly string[]): MsrpHead {
  const headers = lines.map((line) => {
    const [, name, value] = HEADER.exec(line) ?? []
    if (name === undefined || value === undefined) throw new DecodeError(PROTOCOL, 'header', 0, 'invalid')
    return [name, value.trim()] as const
  })
  const path = (index: number, name: string): string[] => {
    const [found, value = ''] = headers[index] ?? []
    if (found?.toLowerCase() !== name.toLowerCase()) throw new DecodeError(PROTOCOL, name, 0, 'missing')
    const uris = value.split(' ').filter((uri) => uri !== '')
    if (uris.length === 0 || uris.length > MOST_HOPS || !uris.every((uri) => URI.test(uri)))
      throw new DecodeError(PROTOCOL, name, 0, 'invalid')
    return uris
  }
  return { transactionId, headers, toPath: path(0, 'To-Path'), fromPath: path(1, 'From-Path') }
}

/** Value of the first header of that name; names compare without regard to case. */
export function headerOf({ headers }: MsrpHead, name: string): string | undefined {
  return headers.find(([found]) => found.toLowerCase() === name.toLowerCase())?.[1]
}

/** `Byte-Range: start-end/total`; undefined when it is no such value or says less than nothing. */
export function decodeByteRange(value: string): ByteRange | undefined {
  const [, first, last, all] = RANGE.exec(value) ?? []
  if (first === undefined || last === undefined || all === undefined) return undefined
  const range = { start: Number(first), end: numberOf(last), total: numberOf(all) }
  const { start, end = start, total = Number.MAX_SAFE_INTEGER } = range
  // An empty message is 1-0/0.
  return start < 1 || end < start - 1 || end > total ? undefined : range
}

function numberOf(text: string): number | undefined {
  return text === '*' ? undefined : Number(text)
}

/** The response to a request, to the hop that it came from (§7.2). */
export function encodeResponse(request: MsrpHead, status: MsrpStatus): Buffer {
  const { transactionId, toPath, fromPath } = request
  return Buffer.from(
    [
      `MSRP ${transactionId} ${status} ${COMMENTS[status]}`,
      `To-Path: ${fromPath[0]}`,
      `From-Path: ${toPath[0]}`,
      endLine(transactionId, '$'),
    ].join('\r\n'),
  )
}

/** What became of a message as a whole (§7.1.2). */
export interface Report {
  readonly transactionId: string
  /** The whole way back: From-Path of the SEND. */
  readonly toPath: readonly string[]
  readonly fromPath: string
  readonly messageId: string
  readonly totalOctets: number
  readonly status: MsrpStatus
}

/** Throws EncodeError for a message id that could add a line. */
export function encodeReport(report: Report): Buffer {
  const { transactionId, toPath, fromPath, messageId, totalOctets, status } = report
  if (/[\r\n]/.test(messageId)) throw new EncodeError(PROTOCOL, 'Message-ID', 'line break')
  return Buffer.from(
    [
      `MSRP ${transactionId} REPORT`,
      `To-Path: ${toPath.join(' ')}`,
      `From-Path: ${fromPath}`,
      `Message-ID: ${messageId}`,
      `Byte-Range: 1-${totalOctets}/${totalOctets}`,
      `Status: 000 ${status} ${COMMENTS[status]}`,
      endLine(transactionId, '$'),
    ].join('\r\n'),
  )
}

/** A SEND without a body: tells a side that waited which session the connection is for (RFC 4975 §5.4, §7.1). */
export function encodeOpening(
  opening: Pick<Report, 'transactionId' | 'toPath' | 'fromPath' | 'messageId'>,
): Buffer {
  const { transactionId, toPath, fromPath, messageId } = opening
  return Buffer.from(
    [
      `MSRP ${transactionId} SEND`,
      `To-Path: ${toPath.join(' ')}`,
      `From-Path: ${fromPath}`,
      `Message-ID: ${messageId}`,
      'Byte-Range: 1-0/0',
      endLine(transactionId, '$'),
    ].join('\r\n'),
  )
}

function endLine(transactionId: string, continuation: Continuation): string {
  return `${END_DASHES}${transactionId}${continuation}\r\n`
}

/** What stands before the continuation flag in the end line. */
export function endMarker(transactionId: string): string {
  return END_DASHES + transactionId
}

/** The session in an MSRP URI: what stands behind the authority, compared exactly (§6.1). Undefined: there is none. */
export function sessionIdOf(uri: string): string | undefined {
  return /^msrps?:\/\/[^/]+\/([^;]+);/i.exec(uri)?.[1]
}

/** Port of a URI that names none (RFC 4975 §15.1). */
const PORT = 2855

/** Where the authority of an MSRP URI is; undefined when it is none. */
export function addressOf(uri: string): { readonly host: string; readonly port: number } | undefined {
  const [, ip6, name, port] =
    /^msrps?:\/\/(?:[^@/]*@)?(?:\[([0-9a-f:.]+)\]|([^:/[\]]+))(?::([0-9]{1,5}))?[/;]/i.exec(uri) ?? []
  const host = ip6 ?? name
  return host === undefined ? undefined : { host, port: port === undefined ? PORT : Number(port) }
}
