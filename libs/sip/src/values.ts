import { DIGIT, isAll, skipLws, skipToken, TOKEN } from './chars.ts'
import { SipParseError } from './errors.ts'
import { readParams, type SipParams } from './params.ts'

/** `CSeq: 100 MESSAGE` (RFC 3261 §20.16). */
export interface CSeq {
  readonly number: number
  readonly method: string
}

/** `Content-Type: type/subtype;params` (RFC 3261 §20.15); type and subtype in lower case. */
export interface ContentType {
  readonly type: string
  readonly subtype: string
  /** `type/subtype`. */
  readonly mediaType: string
  readonly params: SipParams
}

/** Largest value of a 32-bit scalar; RFC 3261 bounds CSeq at half of it, older senders use all. */
export const MAX_SCALAR = 0xffff_ffff

/** Digits only, at most 2^32-1. Throws SipParseError. */
export function parseScalar(text: string): number {
  const value = Number(text)
  if (!isAll(text, DIGIT) || value > MAX_SCALAR)
    throw new SipParseError('headerValue', '', 0, 'no 32-bit number')
  return value
}

export function parseCSeq(text: string): CSeq {
  const numberEnd = skipToken(text, 0, text.length)
  const number = parseScalar(text.slice(0, numberEnd))
  const methodStart = skipLws(text, numberEnd, text.length)
  if (methodStart === text.length || skipToken(text, methodStart, text.length) !== text.length) {
    throw new SipParseError('headerValue', '', methodStart, 'no method')
  }
  return { number, method: text.slice(methodStart) }
}

export function parseContentType(text: string): ContentType {
  const typeEnd = skipToken(text, 0, text.length)
  const slash = skipLws(text, typeEnd, text.length)
  const subtypeStart = skipLws(text, slash + 1, text.length)
  const subtypeEnd = skipToken(text, subtypeStart, text.length)
  if (typeEnd === 0 || text.charCodeAt(slash) !== 0x2f || subtypeEnd === subtypeStart) {
    throw new SipParseError('headerValue', '', slash, 'no type/subtype')
  }
  const { params, end } = readParams(text, subtypeEnd, text.length)
  if (end !== text.length) throw new SipParseError('headerValue', '', end, 'unexpected character')
  const type = text.slice(0, typeEnd).toLowerCase()
  const subtype = text.slice(subtypeStart, subtypeEnd).toLowerCase()
  return { type, subtype, mediaType: `${type}/${subtype}`, params }
}

/** Seconds of an Expires value; above 2^32-1 counts as 2^32-1, anything else malformed as absent (RFC 4475 §3.1.2.4). */
export function parseExpires(text: string | undefined): number | undefined {
  if (text === undefined || !isAll(text, DIGIT)) return undefined
  return Math.min(Number(text), MAX_SCALAR)
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const DATE = /^[A-Z][a-z]{2}, (\d{2}) ([A-Z][a-z]{2}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) GMT$/

/** Milliseconds since 1970 of an RFC 1123 date in GMT (RFC 3261 §20.17); a malformed one counts as absent. */
export function parseDate(text: string | undefined): number | undefined {
  const match = text === undefined ? null : DATE.exec(text)
  if (match === null) return undefined
  const month = MONTHS.indexOf(match[2] ?? '')
  const [day, year, hour, minute, second] = [1, 3, 4, 5, 6].map((i) => Number(match[i]))
  if (month < 0 || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60) return undefined
  const atMs = Date.UTC(Number(year), month, Number(day), Number(hour), Number(minute), Number(second))
  return new Date(atMs).getUTCDate() === Number(day) || second === 60 ? atMs : undefined
}

/** `Date` value of a moment (RFC 3261 §20.17). */
export function formatDate(atMs: number): string {
  return new Date(atMs).toUTCString()
}

/** Priv-values of all Privacy lines in lower case, `;` and `,` both taken as separators (RFC 3323 §4.2). */
export function parsePrivacy(lines: readonly string[]): string[] {
  return lines.flatMap((line) => line.toLowerCase().split(/[;,]/)).flatMap((value) => value.trim() || [])
}

/** Tokens of comma lists (Require, Supported, Allow, …). Throws SipParseError for what is no token. */
export function parseTokenList(lines: readonly string[]): string[] {
  const tokens = lines.flatMap((line) => line.split(',')).flatMap((value) => value.trim() || [])
  for (const token of tokens) {
    if (!isAll(token, TOKEN)) throw new SipParseError('headerValue', '', 0, 'no token')
  }
  return tokens
}

/** Whether `text` could be a Call-ID: visible characters, not empty (RFC 3261 §20.8 word). */
export function isCallId(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) <= 0x20) return false
  return text.length > 0
}
