import { isClass, skipLws, skipQuoted, TOKEN, trimEnd } from './chars.ts'
import { SipParseError } from './errors.ts'
import { readParams, type SipParams, unquote } from './params.ts'
import { parseUri, type Uri } from './uri.ts'

/** `name-addr` or `addr-spec` with header parameters (RFC 3261 §20.10). */
export class NameAddr {
  /** Display name with quotes and escapes undone, as an octet string; undefined when there is none. */
  readonly displayName: string | undefined
  /** The URI as written. */
  readonly uriText: string
  /** Header parameters: what follows `>`, or the first `;` when there are no brackets. */
  readonly params: SipParams
  #uri: Uri | undefined

  constructor(displayName: string | undefined, uriText: string, params: SipParams) {
    this.displayName = displayName
    this.uriText = uriText
    this.params = params
  }

  /** The URI, parsed on first use. Throws SipParseError('uri'). */
  get uri(): Uri {
    this.#uri ??= parseUri(this.uriText)
    return this.#uri
  }

  get tag(): string | undefined {
    return this.params.get('tag')
  }
}

/** Exactly one address. Throws SipParseError. */
export function parseNameAddr(text: string): NameAddr {
  const read = readNameAddr(text, 0)
  if (read.end !== text.length) throw new SipParseError('headerValue', '', read.end, 'unexpected character')
  return read.address
}

/** `address *( "," address )`, appended to `into`. Empty elements are refused. */
export function parseNameAddrList(text: string, into: NameAddr[] = []): NameAddr[] {
  for (let pos = 0; ; pos++) {
    const read = readNameAddr(text, pos)
    into.push(read.address)
    pos = read.end
    if (pos === text.length) return into
    if (text.charCodeAt(pos) !== 0x2c) {
      throw new SipParseError('headerValue', '', pos, 'unexpected character')
    }
  }
}

function readNameAddr(text: string, at: number): { address: NameAddr; end: number } {
  const start = skipLws(text, at, text.length)
  if (text.charCodeAt(start) === 0x22) {
    const close = skipQuoted(text, start, text.length)
    if (close < 0) throw new SipParseError('headerValue', '', start, 'quoted string never closes')
    const open = skipLws(text, close, text.length)
    return readBracketed(text, open, unquote(text.slice(start, close)))
  }
  let pos = start
  while (pos < text.length && isDisplay(text.charCodeAt(pos))) pos++
  if (text.charCodeAt(pos) === 0x3c) {
    const nameEnd = trimEnd(text, start, pos)
    return readBracketed(text, pos, nameEnd > start ? text.slice(start, nameEnd) : undefined)
  }
  return readAddrSpec(text, start)
}

/** Characters of an unquoted display name: tokens and white space; octets above ASCII are tolerated. */
function isDisplay(code: number): boolean {
  return isClass(code, TOKEN) || code === 0x20 || code === 0x09 || code > 0x7f
}

function readBracketed(text: string, open: number, displayName: string | undefined) {
  const close = text.indexOf('>', open)
  if (text.charCodeAt(open) !== 0x3c || close < 0) {
    throw new SipParseError('headerValue', '', open, 'no <URI> behind the display name')
  }
  const uriText = text.slice(open + 1, close)
  checkUriText(uriText, open + 1)
  const { params, end } = readParams(text, close + 1, text.length)
  return { address: new NameAddr(displayName, uriText, params), end }
}

function readAddrSpec(text: string, start: number) {
  let end = start
  while (end < text.length) {
    const code = text.charCodeAt(end)
    if (code <= 0x20 || code === 0x3b || code === 0x2c || code === 0x3f || code === 0x3c) break
    end++
  }
  const uriText = text.slice(start, end)
  checkUriText(uriText, start)
  const read = readParams(text, end, text.length)
  return { address: new NameAddr(undefined, uriText, read.params), end: read.end }
}

/** Cheap test at once; the grammar of the scheme is checked when somebody asks for the URI. */
function checkUriText(uriText: string, offset: number): void {
  const colon = uriText.indexOf(':')
  if (colon <= 0) throw new SipParseError('uri', '', offset, 'no URI scheme')
  if (uriText.indexOf(' ') >= 0 || uriText.indexOf('\t') >= 0 || uriText.indexOf('<') >= 0) {
    throw new SipParseError('uri', '', offset, 'character that must be escaped')
  }
}
