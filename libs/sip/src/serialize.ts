import { EncodeError } from '@ipsmgw/bytes'
import { isAll, octetsOf, TOKEN } from './chars.ts'
import { headerKey } from './headers.ts'
import type { HeaderEntry, HeaderInput } from './messages.ts'

/** Headers to send as entries, in order. */
export function headerEntries(input: HeaderInput | undefined): HeaderEntry[] {
  if (input === undefined) return []
  if (isEntries(input)) return [...input]
  return Object.entries(input).flatMap(([name, value]) =>
    typeof value === 'string' ? [[name, value] as const] : value.map((single): HeaderEntry => [name, single]),
  )
}

function isEntries(input: HeaderInput): input is readonly HeaderEntry[] {
  return Array.isArray(input)
}

/** Header lines as octets; a Content-Length among them is left out. Throws EncodeError. */
export function headerLines(entries: readonly HeaderEntry[]): string {
  let lines = ''
  for (const [name, value] of entries) {
    if (!isAll(name, TOKEN))
      throw new EncodeError('SIP', 'header', `${JSON.stringify(name)} is no header name`)
    if (headerKey(name) !== 'content-length') lines += `${name}: ${checkedValue(name, value)}\r\n`
  }
  return lines
}

/** `Content-Length`, the empty line and the body. */
export function tail(body: Buffer | string | undefined): string {
  if (body === undefined || body.length === 0) return 'Content-Length: 0\r\n\r\n'
  const octets = typeof body === 'string' ? octetsOf(body) : body.toString('latin1')
  return `Content-Length: ${octets.length}\r\n\r\n${octets}`
}

/** The whole request as an octet string. Throws EncodeError. */
export function serializeRequest(
  method: string,
  uri: string,
  entries: readonly HeaderEntry[],
  body?: Buffer | string,
): string {
  if (!isAll(method, TOKEN)) throw new EncodeError('SIP', 'method', 'no token')
  if (!/^[^\s<>"]+$/.test(uri)) throw new EncodeError('SIP', 'Request-URI', 'character that must be escaped')
  return `${method} ${checkedValue('Request-URI', uri)} SIP/2.0\r\n${headerLines(entries)}${tail(body)}`
}

/**
 * The value as an octet string: one with characters above 0xFF is text and is sent as UTF-8, any other is taken
 * for octets already. CR, LF and NUL are refused, so that no value can add a header line.
 */
export function checkedValue(name: string, value: string): string {
  let wide = false
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i)
    if (code === 0x0a || code === 0x0d || code === 0) throw new EncodeError('SIP', name, 'control character')
    if (code > 0xff) wide = true
  }
  return wide ? octetsOf(value) : value
}
