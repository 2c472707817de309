import { ALPHA, DIGIT, HEX_DIGIT, HOST, isAll, isClass, skipToken } from './chars.ts'
import { SipParseError } from './errors.ts'
import { NO_PARAMS, type SipParam, SipParams } from './params.ts'

/** `sip:` or `sips:` URI (RFC 3261 §19.1). Texts are as written, escapes kept; `user` is decoded once. */
export class SipUri {
  readonly kind = 'sip'
  readonly scheme: 'sip' | 'sips'
  readonly text: string
  /** User part as written, without password. Its `;` parameters belong to it (RFC 3261 §19.1.6). */
  readonly userText: string | undefined
  readonly passwordText: string | undefined
  /** Host in lower case; an IPv6 reference keeps its brackets. */
  readonly host: string
  readonly port: number | undefined
  readonly params: SipParams
  /** What follows `?`, as written. */
  readonly headersText: string | undefined

  constructor(parts: Omit<SipUri, 'kind' | 'user' | 'toString'>) {
    this.scheme = parts.scheme
    this.text = parts.text
    this.userText = parts.userText
    this.passwordText = parts.passwordText
    this.host = parts.host
    this.port = parts.port
    this.params = parts.params
    this.headersText = parts.headersText
  }

  /** User part with its escapes undone exactly once, as an octet string (`utf8View` reads it as text). */
  get user(): string | undefined {
    return this.userText === undefined ? undefined : percentDecode(this.userText)
  }

  toString(): string {
    return this.text
  }
}

/** `tel:` URI (RFC 3966). `number` is as written, with its visual separators. */
export interface TelUri {
  readonly kind: 'tel'
  readonly scheme: 'tel'
  readonly text: string
  readonly number: string
  readonly params: SipParams
}

/** A URI of any other scheme, opaque. `scheme` is in lower case. */
export interface OtherUri {
  readonly kind: 'other'
  readonly scheme: string
  readonly text: string
  readonly opaque: string
}

export type Uri = SipUri | TelUri | OtherUri

/** Percent-decodes once (RFC 3986 §2.4). A `%` that starts no escape stays. The result is an octet string. */
export function percentDecode(text: string): string {
  if (text.indexOf('%') < 0) return text
  return text.replace(/%([0-9a-fA-F]{2})/g, (_all, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
}

/** Parses a URI that stands alone. Throws SipParseError('uri'); an unknown scheme is no error. */
export function parseUri(text: string): Uri {
  const colon = text.indexOf(':')
  if (colon <= 0 || !isClass(text.charCodeAt(0), ALPHA) || skipToken(text, 0, colon) !== colon)
    fail(0, 'no scheme')
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code <= 0x20 || code === 0x7f || code === 0x3c || code === 0x3e || code === 0x22) {
      fail(i, 'character that must be escaped')
    }
  }
  const scheme = text.slice(0, colon).toLowerCase()
  if (scheme === 'sip' || scheme === 'sips') return parseSip(text, scheme, colon + 1)
  if (scheme === 'tel') return parseTel(text, colon + 1)
  return { kind: 'other', scheme, text, opaque: text.slice(colon + 1) }
}

function parseSip(text: string, scheme: 'sip' | 'sips', start: number): SipUri {
  const at = text.indexOf('@', start)
  if (at >= 0 && text.indexOf('@', at + 1) >= 0) fail(at, 'second @')
  let userText: string | undefined
  let passwordText: string | undefined
  if (at >= 0) {
    const colon = text.indexOf(':', start)
    const userEnd = colon >= 0 && colon < at ? colon : at
    if (userEnd === start) fail(start, 'empty user')
    userText = text.slice(start, userEnd)
    if (userEnd < at) passwordText = text.slice(userEnd + 1, at)
  }
  const hostStart = at < 0 ? start : at + 1
  const question = text.indexOf('?', hostStart)
  const bodyEnd = question < 0 ? text.length : question
  const semicolon = text.indexOf(';', hostStart)
  const hostEnd = semicolon >= 0 && semicolon < bodyEnd ? semicolon : bodyEnd
  const { host, port } = parseHostPort(text.slice(hostStart, hostEnd), hostStart)
  return new SipUri({
    scheme,
    text,
    userText,
    passwordText,
    host,
    port,
    params: parseUriParams(text, hostEnd, bodyEnd),
    headersText: question < 0 ? undefined : text.slice(question + 1),
  })
}

function parseTel(text: string, start: number): TelUri {
  const semicolon = text.indexOf(';', start)
  const end = semicolon < 0 ? text.length : semicolon
  const number = text.slice(start, end)
  if (!/^\+?[0-9A-Fa-f*#\-.()]+$/.test(number)) fail(start, 'no telephone number')
  return { kind: 'tel', scheme: 'tel', text, number, params: parseUriParams(text, end, text.length) }
}

function parseUriParams(text: string, start: number, end: number): SipParams {
  if (start >= end) return NO_PARAMS
  const list: SipParam[] = []
  for (let pos = start; pos < end; ) {
    const next = text.indexOf(';', pos + 1)
    const stop = next < 0 || next > end ? end : next
    const equals = text.indexOf('=', pos + 1)
    const nameEnd = equals >= 0 && equals < stop ? equals : stop
    if (nameEnd === pos + 1) fail(pos, 'parameter without a name')
    list.push({
      name: text.slice(pos + 1, nameEnd),
      value: nameEnd < stop ? text.slice(nameEnd + 1, stop) : undefined,
    })
    pos = stop
  }
  return new SipParams(list)
}

/** `host [":" port]` with the host in lower case. Throws SipParseError. */
export function parseHostPort(text: string, offset: number): { host: string; port: number | undefined } {
  let hostEnd: number
  if (text.charCodeAt(0) === 0x5b) {
    hostEnd = text.indexOf(']') + 1
    if (hostEnd < 4) fail(offset, 'IPv6 reference never closes')
    for (let i = 1; i < hostEnd - 1; i++) {
      const code = text.charCodeAt(i)
      if (!isClass(code, HEX_DIGIT) && code !== 0x3a && code !== 0x2e) fail(offset + i, 'no IPv6 address')
    }
  } else {
    const colon = text.indexOf(':')
    hostEnd = colon < 0 ? text.length : colon
    if (!isAll(text.slice(0, hostEnd), HOST)) fail(offset, 'no host')
  }
  const host = text.slice(0, hostEnd).toLowerCase()
  if (hostEnd === text.length) return { host, port: undefined }
  const port = text.charCodeAt(hostEnd) === 0x3a ? portNumber(text, hostEnd + 1) : -1
  if (port < 0) fail(offset + hostEnd, 'no port number')
  return { host, port }
}

/** One to five digits up to 65535, else -1. */
function portNumber(text: string, start: number): number {
  let port = 0
  for (let i = start; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (!isClass(code, DIGIT) || i - start > 4) return -1
    port = port * 10 + code - 0x30
  }
  return start < text.length && port <= 65_535 ? port : -1
}

function fail(offset: number, detail: string): never {
  throw new SipParseError('uri', '', offset, detail)
}

/** Equality of RFC 3261 §19.1.4 for sip and sips, RFC 3966 §4 for tel, exact text for the rest. */
export function uriEquals(a: Uri, b: Uri): boolean {
  if (a.kind === 'sip' && b.kind === 'sip') return sipEquals(a, b)
  if (a.kind === 'tel' && b.kind === 'tel') {
    return (
      digitsOf(a.number) === digitsOf(b.number) && a.params.size === b.params.size && sharedEqual(a, b, true)
    )
  }
  return a.kind === 'other' && b.kind === 'other' && a.scheme === b.scheme && a.opaque === b.opaque
}

function sipEquals(a: SipUri, b: SipUri): boolean {
  return (
    a.scheme === b.scheme &&
    normalizeEscapes(a.userText ?? '') === normalizeEscapes(b.userText ?? '') &&
    normalizeEscapes(a.passwordText ?? '') === normalizeEscapes(b.passwordText ?? '') &&
    a.host === b.host &&
    a.port === b.port &&
    ['user', 'ttl', 'method', 'maddr'].every((name) => a.params.has(name) === b.params.has(name)) &&
    sharedEqual(a, b, false) &&
    sortedHeaders(a.headersText) === sortedHeaders(b.headersText)
  )
}

/** Parameters present in both (or in either, when `all`) must agree, case ignored. */
function sharedEqual(a: { params: SipParams }, b: { params: SipParams }, all: boolean): boolean {
  for (const { name } of a.params) {
    const key = name.toLowerCase()
    const other = b.params.get(key)
    if (other === undefined) {
      if (all) return false
    } else if (
      normalizeEscapes(a.params.get(key) ?? '').toLowerCase() !== normalizeEscapes(other).toLowerCase()
    ) {
      return false
    }
  }
  return true
}

/** Escapes of unreserved characters undone, the hex digits of the others in upper case. */
function normalizeEscapes(text: string): string {
  return text.replace(/%[0-9a-fA-F]{2}/g, (escaped) => {
    const character = percentDecode(escaped)
    return /[A-Za-z0-9\-_.!~*'()]/.test(character) ? character : escaped.toUpperCase()
  })
}

function sortedHeaders(text: string | undefined): string {
  return (text ?? '')
    .split('&')
    .map((header) => {
      const equals = header.indexOf('=')
      return normalizeEscapes(
        equals < 0 ? header : header.slice(0, equals).toLowerCase() + header.slice(equals),
      )
    })
    .sort()
    .join('&')
}

function digitsOf(number: string): string {
  return number.replace(/[-.()]/g, '').toLowerCase()
}
