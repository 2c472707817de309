import { type NameAddr, parseNameAddr, parseNameAddrList } from './address.ts'
import { parseWithin, SipParseError } from './errors.ts'
import type { SipHeaders } from './headers.ts'
import { splitList } from './params.ts'
import { parseUri, type Uri } from './uri.ts'
import {
  type ContentType,
  type CSeq,
  parseContentType,
  parseCSeq,
  parseDate,
  parseExpires,
  parsePrivacy,
  parseScalar,
  parseTokenList,
} from './values.ts'
import { parseTopVia, parseViaLine, type Via } from './via.ts'

/** P-Served-User (RFC 5502): who is served, and in which role the S-CSCF triggered. */
export interface ServedUser {
  readonly address: NameAddr
  readonly sescase: string | undefined
  readonly regstate: string | undefined
}

/**
 * What requests and responses share. Accessors parse on first use and throw SipParseError (400) when the header
 * is there and malformed; a missing optional header is `undefined` or an empty list.
 */
export class SipMessage {
  readonly headers: SipHeaders
  /** Body octets: a view into what was received. Copy it to keep it. */
  body: Buffer
  #topVia: Via | undefined
  #from: NameAddr | undefined
  #to: NameAddr | undefined
  #cseq: CSeq | undefined

  constructor(headers: SipHeaders, body: Buffer) {
    this.headers = headers
    this.body = body
  }

  get topVia(): Via {
    this.#topVia ??= this.#required('via', 'Via', parseTopVia)
    return this.#topVia
  }

  /** All Via values of all lines, top first. */
  get vias(): readonly Via[] {
    const vias: Via[] = []
    for (const line of this.headers.all('via')) parseWithin('Via', () => parseViaLine(line, vias))
    return vias
  }

  get from(): NameAddr {
    this.#from ??= this.#required('from', 'From', parseNameAddr)
    return this.#from
  }

  get to(): NameAddr {
    this.#to ??= this.#required('to', 'To', parseNameAddr)
    return this.#to
  }

  get callId(): string {
    return this.#required('call-id', 'Call-ID', (text) => text)
  }

  get cseq(): CSeq {
    this.#cseq ??= this.#required('cseq', 'CSeq', parseCSeq)
    return this.#cseq
  }

  get contentType(): ContentType | undefined {
    return this.#optional('content-type', 'Content-Type', parseContentType)
  }

  /** Value of Content-Length; the body has been cut to it already. */
  get contentLength(): number | undefined {
    return this.#optional('content-length', 'Content-Length', parseScalar)
  }

  /** Tokens of Content-Encoding in lower case. */
  get contentEncodings(): string[] {
    return this.#tokens('content-encoding', 'Content-Encoding').map((token) => token.toLowerCase())
  }

  get maxForwards(): number | undefined {
    return this.#optional('max-forwards', 'Max-Forwards', parseScalar)
  }

  /** P-Asserted-Identity values of all lines (RFC 3325 §9.1). Who may be believed is the caller's business. */
  get assertedIdentities(): readonly NameAddr[] {
    return this.#addresses('p-asserted-identity', 'P-Asserted-Identity')
  }

  get servedUser(): ServedUser | undefined {
    return this.#optional('p-served-user', 'P-Served-User', (text) => {
      const address = parseNameAddr(text)
      return {
        address,
        sescase: address.params.get('sescase')?.toLowerCase(),
        regstate: address.params.get('regstate')?.toLowerCase(),
      }
    })
  }

  /** Priv-values in lower case (RFC 3323 §4.2). */
  get privacy(): string[] {
    return parsePrivacy(this.headers.all('privacy'))
  }

  get routes(): readonly NameAddr[] {
    return this.#addresses('route', 'Route')
  }

  get recordRoutes(): readonly NameAddr[] {
    return this.#addresses('record-route', 'Record-Route')
  }

  /** Contact addresses; `*` is left out (`headers.get('contact')` shows it). */
  get contacts(): readonly NameAddr[] {
    return this.headers.get('contact') === '*' ? [] : this.#addresses('contact', 'Contact')
  }

  get require(): string[] {
    return this.#tokens('require', 'Require')
  }

  get supported(): string[] {
    return this.#tokens('supported', 'Supported')
  }

  get allow(): string[] {
    return this.#tokens('allow', 'Allow')
  }

  /** Seconds; undefined when absent or malformed. */
  get expires(): number | undefined {
    return parseExpires(this.headers.get('expires'))
  }

  /** Milliseconds since 1970; undefined when absent or malformed. */
  get dateMs(): number | undefined {
    return parseDate(this.headers.get('date'))
  }

  /** Comma-separated elements of all lines of any header, quotes and brackets respected. */
  list(key: string): string[] {
    return this.headers.all(key).flatMap((line) => parseWithin(key, () => splitList(line)))
  }

  #required<T>(key: string, what: string, parse: (text: string) => T): T {
    const text = this.headers.get(key)
    if (text === undefined || text === '') throw new SipParseError('missingHeader', what, 0, 'missing')
    return this.#parse(key, what, text, parse)
  }

  #optional<T>(key: string, what: string, parse: (text: string) => T): T | undefined {
    const text = this.headers.get(key)
    return text === undefined ? undefined : this.#parse(key, what, text, parse)
  }

  #parse<T>(key: string, what: string, text: string, parse: (text: string) => T): T {
    try {
      return parse(text)
    } catch (error) {
      if (!(error instanceof SipParseError)) throw error
      throw new SipParseError(error.code, what, this.headers.offsetOf(key) + error.offset, error.detail)
    }
  }

  #addresses(key: string, what: string): readonly NameAddr[] {
    const addresses: NameAddr[] = []
    for (const line of this.headers.all(key)) parseWithin(what, () => parseNameAddrList(line, addresses))
    return addresses
  }

  #tokens(key: string, what: string): string[] {
    return parseWithin(what, () => parseTokenList(this.headers.all(key)))
  }
}

/** A received request. */
export class SipRequest extends SipMessage {
  readonly method: string
  /** Request-URI as written. */
  readonly uriText: string
  #uri: Uri | undefined

  constructor(method: string, uriText: string, headers: SipHeaders, body: Buffer) {
    super(headers, body)
    this.method = method
    this.uriText = uriText
  }

  /** The Request-URI, parsed on first use. Throws SipParseError('uri'). */
  get uri(): Uri {
    this.#uri ??= parseWithin('Request-URI', () => parseUri(this.uriText))
    return this.#uri
  }
}

/** A received response. */
export class SipResponse extends SipMessage {
  readonly status: number
  /** Reason phrase as an octet string, often empty. */
  readonly reason: string

  constructor(status: number, reason: string, headers: SipHeaders, body: Buffer) {
    super(headers, body)
    this.status = status
    this.reason = reason
  }
}
