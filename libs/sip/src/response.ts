import { EncodeError } from '@ipsmgw/bytes'
import { SipParseError } from './errors.ts'
import type { SipRequest, SipResponse } from './message.ts'
import { type HeaderEntry, type HeaderInput, reasonPhrase } from './messages.ts'
import { type OverloadFeedback, offersOverloadControl, withFeedback } from './overload.ts'
import { checkedValue, headerEntries, headerLines, tail } from './serialize.ts'
import { parseTopVia, readSentBy, type Via } from './via.ts'

/** Where a request came from, as far as its Via must tell (RFC 3261 §18.2.1, RFC 3581 §4). */
export interface Origin {
  readonly address: string
  readonly port: number
}

/**
 * The lines every response to a request has (RFC 3261 §8.2.6.2): Via list in order with received and rport, From,
 * To with its tag, Call-ID, CSeq. Also for a request that was only read in part: what is missing is left out.
 */
export function responseFrame(
  request: SipRequest,
  origin: Origin | undefined,
  toTag: string,
  feedback?: OverloadFeedback,
): string {
  const { headers } = request
  let frame = ''
  let top = true
  for (const line of headers.all('via')) {
    frame += `Via: ${top && origin !== undefined ? completedTopVia(request, origin, feedback) : line}\r\n`
    top = false
  }
  const from = headers.get('from')
  if (from !== undefined) frame += `From: ${from}\r\n`
  const to = headers.get('to')
  if (to !== undefined) frame += hasTag(request) ? `To: ${to}\r\n` : `To: ${to};tag=${toTag}\r\n`
  const callId = headers.get('call-id')
  if (callId !== undefined) frame += `Call-ID: ${callId}\r\n`
  const cseq = headers.get('cseq')
  return cseq === undefined ? frame : `${frame}CSeq: ${cseq}\r\n`
}

function hasTag(request: SipRequest): boolean {
  try {
    return request.to.params.has('tag')
  } catch (error) {
    if (error instanceof SipParseError) return true // a broken To is not made longer
    throw error
  }
}

/** The response as an octet string. Throws EncodeError for a header that cannot be sent. */
export function buildResponse(
  frame: string,
  status: number,
  reason = '',
  headers?: HeaderInput,
  body?: Buffer | string,
): string {
  if (!Number.isInteger(status) || status < 100 || status > 699)
    throw new EncodeError('SIP', 'status', `${status}`)
  const phrase = reason === '' ? reasonPhrase(status) : checkedValue('reason', reason)
  const extra = headers === undefined ? '' : headerLines(headerEntries(headers))
  return `SIP/2.0 ${status} ${phrase}\r\n${frame}${extra}${tail(body)}`
}

/** A received response without its top Via: what a proxy sends upstream (RFC 3261 §16.7 step 3, 9). */
export function withoutTopVia(response: SipResponse): string {
  const entries: HeaderEntry[] = []
  let popped = false
  for (const [name, value] of response.headers) {
    if (popped || !/^v(ia)?$/i.test(name)) entries.push([name, value])
    else {
      popped = true
      const rest = value.slice(parseTopVia(value).end + 1).trim()
      if (rest !== '') entries.push([name, rest])
    }
  }
  const phrase = checkedValue('reason', response.reason)
  return `SIP/2.0 ${response.status} ${phrase}\r\n${headerLines(entries)}${tail(response.body)}`
}

/**
 * First Via line of a request with `received` and `rport` of its top value set from where it really came, and with our
 * load for a neighbour that asked for it.
 */
export function completedTopVia(request: SipRequest, origin: Origin, feedback?: OverloadFeedback): string {
  const line = request.headers.get('via') ?? ''
  const via = topViaOf(request)
  if (via === undefined) return salvagedTopVia(line, origin)
  const rport = via.params.has('rport')
  const known = via.host === origin.address || via.host === `[${origin.address}]`
  const told = feedback !== undefined && offersOverloadControl(via.params)
  if (!rport && !told && !via.params.has('received')) {
    return known ? line : `${line.slice(0, via.end)};received=${origin.address}${line.slice(via.end)}`
  }
  let params = ''
  for (const { name, value } of told ? withFeedback(via.params, feedback) : via.params) {
    const key = name.toLowerCase()
    if (key === 'rport') params += `;rport=${origin.port}`
    else if (key !== 'received') params += value === undefined ? `;${name}` : `;${name}=${value}`
  }
  if (rport || !known) params += `;received=${origin.address}`
  return line.slice(0, via.paramsStart) + params + line.slice(via.end)
}

/** The top Via; undefined when it is broken behind its sent-by. */
function topViaOf(request: SipRequest): Via | undefined {
  try {
    return request.topVia
  } catch (error) {
    if (error instanceof SipParseError) return undefined
    throw error
  }
}

/** A top Via whose parameters are broken: sent-by and, if it can be found, the branch. */
function salvagedTopVia(line: string, origin: Origin): string {
  const via = readSentBy(line, 0)
  const branch = /;\s*branch\s*=\s*([A-Za-z0-9\-.!%*_+`'~]+)/i.exec(line)?.[1]
  const port = via.port === undefined ? '' : `:${via.port}`
  return `${via.protocol}/${via.transport} ${via.host}${port}${branch ? `;branch=${branch}` : ''};received=${origin.address}`
}

/** Port that a response goes to: the source port when rport was asked for, else that of sent-by. */
export function replyPort(request: SipRequest, origin: Origin, defaultPort: number): number {
  const via = topViaOf(request)
  if (via?.params.has('rport')) return origin.port
  return (via ?? readSentBy(request.headers.get('via') ?? '', 0)).port ?? defaultPort
}
