import { isAll, TOKEN } from './chars.ts'
import { type SipParseCode, SipParseError } from './errors.ts'
import { knownHeader, SipHeaders, WATCHED } from './headers.ts'
import { type SipMessage, SipRequest, SipResponse } from './message.ts'
import { DEFAULT_LIMITS, type SipLimits } from './messages.ts'
import { readSentBy } from './via.ts'

/** What the octets before the empty line are. `error` stands beside `message` when only parts were readable. */
export interface Head {
  readonly message: SipRequest | SipResponse | undefined
  readonly error: SipParseError | undefined
  /** Undefined when absent, or not to be trusted as a frame. */
  readonly contentLength: number | undefined
}

const EMPTY = Buffer.alloc(0)
const END_OF_HEAD = Buffer.from('\r\n\r\n')

/**
 * One datagram (RFC 3261 §18.3): octets behind the body are ignored, a body shorter than Content-Length is
 * refused, without Content-Length the body is the rest. Throws SipParseError.
 */
export function parseDatagram(octets: Buffer, limits: SipLimits = DEFAULT_LIMITS): SipRequest | SipResponse {
  let start = 0
  while (octets[start] === 0x0d || octets[start] === 0x0a) start++
  const found = octets.indexOf(END_OF_HEAD, start)
  const headEnd = found < 0 ? octets.length : found + 2
  const { message, error, contentLength } = parseHead(octets, start, headEnd, limits)
  if (error !== undefined) throw error
  if (message === undefined || found < 0)
    throw refusal('truncated', 'headers', headEnd, 'no empty line', message)
  const bodyStart = found + 4
  const bodyOctets = contentLength ?? octets.length - bodyStart
  if (bodyOctets > octets.length - bodyStart) {
    throw refusal('contentLength', 'Content-Length', bodyStart, 'datagram ends before the body', message)
  }
  if (bodyOctets > limits.bodyOctets) throw refusal('tooLarge', 'body', bodyStart, 'above the limit', message)
  message.body = bodyOctets === 0 ? EMPTY : octets.subarray(bodyStart, bodyStart + bodyOctets)
  return message
}

/** An error about `message` as a whole; a request goes along so that it can be answered. */
export function refusal(
  code: SipParseCode,
  what: string,
  offset: number,
  detail: string,
  message: SipMessage | undefined,
): SipParseError {
  const error = new SipParseError(code, what, offset, detail)
  if (message instanceof SipRequest && isAnswerable(message)) error.partial = message
  return error
}

/** Start line and headers in `octets[start, end)`, `end` behind the CRLF of the last line. Never throws. */
export function parseHead(
  octets: Buffer,
  start: number,
  end: number,
  limits: SipLimits = DEFAULT_LIMITS,
): Head {
  const size = Math.min(end, start + limits.headOctets)
  const reader = new HeadReader(octets.toString('latin1', start, size), start, limits)
  if (size < end) reader.fault('tooLarge', 'headers', size - start, 'above the limit')
  return reader.read()
}

/** Walks the lines once. Faults are collected, not thrown: what can be read behind them addresses the answer. */
class HeadReader {
  readonly #text: string
  readonly #offset: number
  readonly #limits: SipLimits
  readonly #keys: string[] = []
  readonly #bounds: number[] = []
  #error: SipParseError | undefined
  #seen = 0
  #repeated = 0
  #framed = true
  #folded = false

  constructor(text: string, offset: number, limits: SipLimits) {
    this.#text = text
    this.#offset = offset
    this.#limits = limits
  }

  /** Keeps the first fault. */
  fault(code: SipParseCode, what: string, at: number, detail: string): void {
    this.#error ??= new SipParseError(code, what, this.#offset + at, detail)
  }

  read(): Head {
    const lineEnd = this.#lineEnd(0)
    this.#headers(Math.min(lineEnd + 2, this.#text.length))
    const headers = new SipHeaders(this.#text, this.#keys, this.#bounds, this.#folded || !this.#framed)
    const message = this.#startLine(lineEnd, headers)
    const contentLength = this.#contentLength(headers)
    if (message !== undefined && this.#error === undefined) this.#check(message)
    if (this.#error !== undefined && message instanceof SipRequest && isAnswerable(message)) {
      this.#error.partial = message
    }
    return { message, error: this.#error, contentLength }
  }

  /** Position of the CR that ends the line; a CR or LF that stands alone breaks the frame. */
  #lineEnd(at: number): number {
    const text = this.#text
    const lf = text.indexOf('\n', at)
    const cr = text.indexOf('\r', at)
    if (cr >= 0 && cr === lf - 1) return cr
    this.#framed = false
    this.fault('headerSyntax', 'line', cr < 0 ? at : cr, 'no CRLF at its end')
    const ends = [cr, lf].filter((end) => end >= 0)
    return ends.length === 0 ? text.length : Math.min(...ends)
  }

  #headers(at: number): void {
    const text = this.#text
    for (let pos = at; pos < text.length; ) {
      let end = this.#lineEnd(pos)
      for (
        let next = text.charCodeAt(end + 2);
        next === 0x20 || next === 0x09;
        next = text.charCodeAt(end + 2)
      ) {
        end = this.#lineEnd(end + 2)
        this.#folded = true
      }
      if (this.#keys.length >= this.#limits.headerCount) {
        this.fault('tooLarge', 'headers', pos, 'too many headers')
        return
      }
      if (end - pos > this.#limits.headerOctets) this.fault('tooLarge', 'header', pos, 'line above the limit')
      this.#line(pos, end)
      pos = end + 2
    }
  }

  #line(start: number, end: number): void {
    const text = this.#text
    const colon = text.indexOf(':', start)
    let nameEnd = colon < end ? colon : -1
    while (nameEnd > start && isBlank(text.charCodeAt(nameEnd - 1))) nameEnd--
    const name = text.slice(start, Math.max(start, nameEnd))
    const known = knownHeader(name)
    if (known === undefined) {
      if (nameEnd <= start || !isAll(name, TOKEN)) {
        this.fault('headerSyntax', 'header', start, 'no header name and colon')
        return
      }
      this.#keys.push(name.toLowerCase())
    } else {
      this.#keys.push(known.key)
      this.#repeated |= this.#seen & known.bit
      this.#seen |= known.bit
    }
    let valueStart = colon + 1
    while (valueStart < end && isBlank(text.charCodeAt(valueStart))) valueStart++
    let valueEnd = end
    while (valueEnd > valueStart && isBlank(text.charCodeAt(valueEnd - 1))) valueEnd--
    this.#bounds.push(start, nameEnd, valueStart, valueEnd)
  }

  #startLine(end: number, headers: SipHeaders): SipRequest | SipResponse | undefined {
    const text = this.#text
    if (/^SIP\//i.test(text.slice(0, 4))) return this.#statusLine(text.slice(0, end), headers)
    const first = text.indexOf(' ')
    const last = text.lastIndexOf(' ', end - 1)
    if (first <= 0 || first >= end || !isAll(text.slice(0, first), TOKEN)) {
      this.fault('startLine', 'Request-Line', 0, 'no method')
      return undefined
    }
    const uriText = last > first ? text.slice(first + 1, last) : ''
    const version = text.slice(last + 1, end)
    if (!/^SIP\/\d+\.\d+$/i.test(version)) this.fault('startLine', 'Request-Line', last + 1, 'no SIP-Version')
    else if (version.length !== 7 || !version.endsWith('/2.0')) {
      this.fault('version', 'SIP-Version', last + 1, 'not SIP/2.0')
    }
    if (uriText === '' || uriText.indexOf(' ') >= 0 || uriText.indexOf('\t') >= 0) {
      this.fault('startLine', 'Request-Line', first + 1, 'no Request-URI between single spaces')
    }
    return new SipRequest(text.slice(0, first), uriText, headers, EMPTY)
  }

  #statusLine(line: string, headers: SipHeaders): SipResponse | undefined {
    const match = /^SIP\/2\.0 ([1-6]\d\d)(?: (.*))?$/i.exec(line)
    if (match === null) {
      this.fault('startLine', 'Status-Line', 0, 'no SIP/2.0 status of three digits')
      return undefined
    }
    return new SipResponse(Number(match[1]), match[2] ?? '', headers, EMPTY)
  }

  #contentLength(headers: SipHeaders): number | undefined {
    if ((this.#seen & WATCHED['content-length']) === 0) return undefined
    const values = this.#repeated & WATCHED['content-length'] ? headers.all('content-length') : undefined
    const value = headers.get('content-length') ?? ''
    const at = headers.offsetOf('content-length')
    if (!/^\d{1,10}$/.test(value)) this.fault('contentLength', 'Content-Length', at, 'no number of octets')
    else if (values?.some((other) => other !== value)) {
      this.fault('contentLength', 'Content-Length', at, 'two that differ')
    } else if (this.#framed) return Number(value)
    return undefined
  }

  /** Headers every message must have (RFC 3261 §8.1.1), once and well formed; the rest is read when asked for. */
  #check(message: SipRequest | SipResponse): void {
    try {
      void message.topVia
      void message.from
      void message.to
      void message.callId
      const { method } = message.cseq
      if (this.#repeated & SINGLE) throw this.#duplicate()
      if (message instanceof SipRequest) this.#checkRequest(message, method)
    } catch (error) {
      if (!(error instanceof SipParseError)) throw error
      this.#error = new SipParseError(error.code, error.what, this.#offset + error.offset, error.detail)
    }
  }

  #checkRequest(message: SipRequest, method: string): void {
    if (method !== message.method)
      throw new SipParseError('headerValue', 'CSeq', 0, 'method is not that of the request')
    const { uri } = message
    if (uri.kind === 'sip' && uri.headersText !== undefined) {
      throw new SipParseError('uri', 'Request-URI', 0, 'headers are not allowed here')
    }
    if (this.#seen & WATCHED['max-forwards']) void message.maxForwards
  }

  #duplicate(): SipParseError {
    const names = Object.entries(WATCHED).flatMap(([key, bit]) => (this.#repeated & SINGLE & bit ? key : []))
    return new SipParseError('duplicateHeader', names[0] ?? '', 0, 'more than one')
  }
}

/** Headers that may stand once; Via is a list, and Content-Length has its own test. */
const SINGLE =
  WATCHED.from |
  WATCHED.to |
  WATCHED['call-id'] |
  WATCHED.cseq |
  WATCHED['max-forwards'] |
  WATCHED['content-type']

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0d || code === 0x0a
}

/** Whether an answer could be addressed: no ACK, and a top Via whose sent-by is readable. */
function isAnswerable(request: SipRequest): boolean {
  const line = request.headers.get('via')
  if (line === undefined || request.method === 'ACK') return false
  try {
    readSentBy(line, 0)
    return true
  } catch {
    return false
  }
}
