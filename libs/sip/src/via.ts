import { skipLws, skipToken } from './chars.ts'
import { SipParseError } from './errors.ts'
import { readParams, type SipParams } from './params.ts'
import { parseHostPort } from './uri.ts'

/** One Via value (RFC 3261 §20.42). */
export interface Via {
  /** `SIP/2.0` as written, white space removed. */
  readonly protocol: string
  /** `UDP`, `TCP`, `TLS`, … in upper case; unknown ones kept. */
  readonly transport: string
  /** Host of sent-by in lower case, IPv6 reference with brackets. */
  readonly host: string
  readonly port: number | undefined
  readonly params: SipParams
  readonly branch: string | undefined
  /** Where the value starts and ends in the header line it came from. */
  readonly start: number
  readonly end: number
  /** Where the parameters start in that line. */
  readonly paramsStart: number
}

/** Every branch built by RFC 3261 starts so. */
export const MAGIC_COOKIE = 'z9hG4bK'

/** All values of one Via line, appended to `into`. Throws SipParseError. */
export function parseViaLine(text: string, into: Via[] = []): Via[] {
  for (let pos = 0; ; pos++) {
    const via = readVia(text, pos)
    into.push(via)
    pos = via.end
    if (pos === text.length) return into
  }
}

/** The first value of a Via line; the rest is not looked at. Throws SipParseError. */
export function parseTopVia(text: string): Via {
  return readVia(text, 0)
}

function readVia(text: string, at: number): Via {
  const { protocol, transport, host, port, start, paramsStart } = readSentBy(text, at)
  const { params, end } = readParams(text, paramsStart, text.length)
  if (end < text.length && text.charCodeAt(end) !== 0x2c) {
    throw new SipParseError('headerValue', 'Via', end, 'unexpected character')
  }
  if (end === text.length - 1) throw new SipParseError('headerValue', 'Via', end, 'empty value')
  return { protocol, transport, host, port, params, branch: params.get('branch'), start, end, paramsStart }
}

type SentBy = Pick<Via, 'protocol' | 'transport' | 'host' | 'port' | 'start' | 'paramsStart'>

/** Sent-protocol and sent-by alone: enough to address an answer to a Via whose parameters are broken. */
export function readSentBy(text: string, at: number): SentBy {
  const end = text.length
  const start = skipLws(text, at, end)
  const nameEnd = skipToken(text, start, end)
  const versionStart = skipSlash(text, nameEnd)
  const versionEnd = skipToken(text, versionStart, end)
  const transportStart = skipSlash(text, versionEnd)
  const transportEnd = skipToken(text, transportStart, end)
  const hostStart = skipLws(text, transportEnd, end)
  if (nameEnd === start || versionEnd === versionStart || transportEnd === transportStart) {
    throw new SipParseError('headerValue', 'Via', start, 'no sent-protocol')
  }
  if (hostStart === transportEnd) throw new SipParseError('headerValue', 'Via', hostStart, 'no sent-by')
  const hostEnd = sentByEnd(text, hostStart)
  const written = text.slice(hostStart, hostEnd)
  const { host, port } = parseHostPort(
    /[ \t]/.test(written) ? written.replace(/[ \t]/g, '') : written,
    hostStart,
  )
  return {
    protocol: `${text.slice(start, nameEnd)}/${text.slice(versionStart, versionEnd)}`,
    transport: text.slice(transportStart, transportEnd).toUpperCase(),
    host,
    port,
    start,
    paramsStart: hostEnd,
  }
}

function sentByEnd(text: string, hostStart: number): number {
  let end = hostStart
  while (end < text.length && text.charCodeAt(end) !== 0x3b && text.charCodeAt(end) !== 0x2c) end++
  while (end > hostStart && skipLws(text, end - 1, end) === end) end--
  return end
}

function skipSlash(text: string, at: number): number {
  const slash = skipLws(text, at, text.length)
  if (text.charCodeAt(slash) !== 0x2f)
    throw new SipParseError('headerValue', 'Via', slash, 'no sent-protocol')
  return skipLws(text, slash + 1, text.length)
}
