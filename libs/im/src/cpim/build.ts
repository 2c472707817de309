import { EncodeError } from '@ipsmgw/bytes'
import { escapeValue } from './escape.ts'
import { type CpimAddress, IMDN_NAMESPACE } from './messages.ts'

const PROTOCOL = 'CPIM'
const IMDN_PREFIX = 'imdn'
const NAME = /^[!#$%&'*+\-^_`|~0-9A-Za-z]+$/
/** Message ids and disposition values: a token, wider by what clients use in ids. */
const ID = /^[!#$%&'*+\-.^_`|~0-9A-Za-z@:/=]+$/
const URI = /^[A-Za-z][A-Za-z0-9+.-]*:[!#-;=?-[\]_a-z~]+$/
/** Printable ASCII: what a MIME header value may hold here. */
const MIME_VALUE = /^[ -~]+$/
const BASE64_LINE = /.{1,76}/g

/** Headers of RFC 5438 to put into a message. */
export interface ImdnHeaders {
  readonly messageId: string
  /** Must be left out of a notification. */
  readonly dispositionNotification?: readonly string[]
  readonly originalTo?: string
  readonly recordRoute?: readonly string[]
  readonly route?: readonly string[]
}

/** A header of another namespace. */
export interface ExtensionHeader {
  readonly prefix: string
  readonly namespace: string
  readonly name: string
  readonly value: string
}

/** What a message/cpim body is made of. */
export interface CpimInput {
  readonly from: CpimAddress
  readonly to: readonly CpimAddress[]
  readonly cc?: readonly CpimAddress[]
  /** RFC 3339, e.g. `2026-10-24T02:24:17Z`. */
  readonly dateTime?: string
  readonly subject?: string
  readonly imdn?: ImdnHeaders
  readonly extensions?: readonly ExtensionHeader[]
  readonly content: {
    /** Content-Type with parameters. */
    readonly type: string
    readonly disposition?: string
    /** Default: octets as they are, without the header. */
    readonly transferEncoding?: 'base64'
    readonly octets: Uint8Array
  }
}

/**
 * Builds message/cpim strictly by RFC 3862 §3: CRLF, one space behind the colon, every prefix declared before use,
 * values escaped, inner Content-Length of the encoded octets. Throws `EncodeError` for names and URIs that have no
 * wire form.
 */
export function buildCpim(input: CpimInput): Buffer {
  const lines = [`From: ${addressLine(input.from, 'From')}`]
  for (const address of input.to) lines.push(`To: ${addressLine(address, 'To')}`)
  for (const address of input.cc ?? []) lines.push(`cc: ${addressLine(address, 'cc')}`)
  if (input.imdn !== undefined) lines.push(...imdnLines(input.imdn))
  if (input.dateTime !== undefined) lines.push(`DateTime: ${escapeValue(input.dateTime)}`)
  if (input.subject !== undefined) lines.push(`Subject: ${escapeValue(input.subject)}`)
  lines.push(...extensionLines(input.extensions ?? []), '')
  const octets = encodeContent(input.content)
  lines.push(...contentLines(input.content, octets.length), '', '')
  return Buffer.concat([Buffer.from(lines.join('\r\n')), octets])
}

function imdnLines({
  messageId,
  dispositionNotification,
  originalTo,
  recordRoute,
  route,
}: ImdnHeaders): string[] {
  const line = (name: string, value: string) => `${IMDN_PREFIX}.${name}: ${value}`
  const lines = [`NS: ${IMDN_PREFIX} <${IMDN_NAMESPACE}>`, line('Message-ID', token(messageId, 'Message-ID'))]
  if (dispositionNotification !== undefined && dispositionNotification.length > 0) {
    const values = dispositionNotification.map((value) => token(value, 'Disposition-Notification'))
    lines.push(line('Disposition-Notification', values.join(', ')))
  }
  if (originalTo !== undefined) lines.push(line('Original-To', `<${uriOf(originalTo, 'Original-To')}>`))
  for (const uri of recordRoute ?? [])
    lines.push(line('IMDN-Record-Route', `<${uriOf(uri, 'IMDN-Record-Route')}>`))
  for (const uri of route ?? []) lines.push(line('IMDN-Route', `<${uriOf(uri, 'IMDN-Route')}>`))
  return lines
}

function extensionLines(extensions: readonly ExtensionHeader[]): string[] {
  const declared = new Map<string, string>([[IMDN_PREFIX, IMDN_NAMESPACE]])
  return extensions.flatMap(({ prefix, namespace, name, value }) => {
    const line = `${nameOf(prefix, 'prefix')}.${nameOf(name, 'name')}: ${escapeValue(value)}`
    if (declared.get(prefix) === namespace) return [line]
    if (declared.has(prefix)) throw new EncodeError(PROTOCOL, 'NS', `prefix ${prefix} has two namespaces`)
    declared.set(prefix, namespace)
    return [`NS: ${prefix} <${uriOf(namespace, 'NS')}>`, line]
  })
}

function contentLines(content: CpimInput['content'], lengthOctets: number): string[] {
  const lines = [`Content-Type: ${mimeValue(content.type, 'Content-Type')}`]
  if (content.disposition !== undefined)
    lines.push(`Content-Disposition: ${mimeValue(content.disposition, 'Content-Disposition')}`)
  if (content.transferEncoding !== undefined)
    lines.push(`Content-Transfer-Encoding: ${content.transferEncoding}`)
  lines.push(`Content-Length: ${lengthOctets}`)
  return lines
}

function encodeContent({ octets, transferEncoding }: CpimInput['content']): Buffer {
  const buffer = Buffer.from(octets.buffer, octets.byteOffset, octets.length)
  if (transferEncoding === undefined) return buffer
  return Buffer.from((buffer.toString('base64').match(BASE64_LINE) ?? []).join('\r\n'), 'latin1')
}

function addressLine({ uri, displayName }: CpimAddress, header: string): string {
  const bracketed = `<${uriOf(uri, header)}>`
  return displayName === undefined ? bracketed : `"${escapeValue(displayName, true)}" ${bracketed}`
}

function uriOf(uri: string, header: string): string {
  if (!URI.test(uri)) throw new EncodeError(PROTOCOL, header, 'no URI')
  return uri
}

function token(value: string, header: string): string {
  if (!ID.test(value)) throw new EncodeError(PROTOCOL, header, 'no token')
  return value
}

/** Prefix or header name: a dot would read as the end of the prefix. */
function nameOf(value: string, header: string): string {
  if (!NAME.test(value)) throw new EncodeError(PROTOCOL, header, 'no name')
  return value
}

function mimeValue(value: string, header: string): string {
  if (!MIME_VALUE.test(value)) throw new EncodeError(PROTOCOL, header, 'not printable ASCII')
  return value
}
