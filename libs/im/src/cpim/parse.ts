import { isUtf8 } from 'node:buffer'
import { DEFAULT_LIMITS } from '../messages.ts'
import { type Entity, readEntity } from '../mime/headers.ts'
import { lineAt } from '../mime/lines.ts'
import { unescapeValue } from './escape.ts'
import {
  CPIM_NAMESPACE,
  type CpimAddress,
  type CpimHeader,
  type CpimMessage,
  IMDN_NAMESPACE,
} from './messages.ts'

/** A message/cpim body taken apart, or what its Require asks for in vain. */
export type CpimReading =
  | { readonly kind: 'message'; readonly message: CpimMessage; readonly entity: Entity }
  | { readonly kind: 'unknownRequirement'; readonly name: string }
  | { readonly kind: 'malformed' }

const MALFORMED: CpimReading = { kind: 'malformed' }
const NAME = /^[!#$%&'*+\-^_`|~0-9A-Za-z]+(?:\.[!#$%&'*+\-^_`|~0-9A-Za-z]+)?$/
const CONTENT_HEADER = /^content-/i

/** Headers that a Require may name: what this parser reads, by namespace. */
const UNDERSTOOD: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  [CPIM_NAMESPACE, new Set(['From', 'To', 'cc', 'DateTime', 'Subject', 'NS', 'Require'])],
  [
    IMDN_NAMESPACE,
    new Set(['Message-ID', 'Disposition-Notification', 'Original-To', 'IMDN-Record-Route', 'IMDN-Route']),
  ],
])

/**
 * Reads message/cpim (RFC 3862): CPIM headers, blank line, MIME headers, blank line, content up to the end of the
 * octets. Strict grammar is not asked for: bare LF, missing blank line before `Content-…`, missing or doubled spaces
 * and a missing `>` are what real clients send. Inner Content-Length is never trusted.
 */
export function parseCpim(octets: Buffer): CpimReading {
  const reader = new HeaderReader()
  let position = 0
  for (let lines = 0; ; lines++) {
    if (position >= octets.length) return MALFORMED
    const { end, next } = lineAt(octets, position)
    if (end === position) {
      position = next
      break
    }
    const line = octets.subarray(position, end)
    if (lines === DEFAULT_LIMITS.headerLines || line.length > DEFAULT_LIMITS.headerLineOctets)
      return MALFORMED
    if (!isUtf8(line)) return MALFORMED
    const text = line.toString('utf8')
    if (CONTENT_HEADER.test(text)) break
    if (!reader.read(text)) return MALFORMED
    position = next
  }
  const unknown = reader.unknownRequirement()
  if (unknown !== undefined) return { kind: 'unknownRequirement', name: unknown }
  const entity = readEntity(octets, position)
  return entity === undefined ? MALFORMED : { kind: 'message', message: messageOf(reader.headers), entity }
}

/** Header lines with the namespaces that hold where each stands. */
class HeaderReader {
  readonly headers: CpimHeader[] = []
  readonly #prefixes = new Map<string, string>()
  readonly #required: string[] = []
  #default = CPIM_NAMESPACE

  /** False when the line is no header. */
  read(line: string): boolean {
    const colon = line.indexOf(':')
    if (colon === -1) return false
    const fullName = line.slice(0, colon)
    if (!NAME.test(fullName)) return false
    const { parameters, value } = splitParameters(line.slice(colon + 1))
    if (fullName === 'NS') return this.#declare(value)
    if (fullName === 'Require') this.#required.push(...splitList(value))
    const { prefix, name, namespace } = this.#resolve(fullName)
    this.headers.push({
      namespace,
      name,
      value: isAddress(namespace, name) ? value : unescapeValue(value),
      ...(prefix !== undefined && { prefix }),
      ...(parameters !== undefined && { parameters }),
    })
    return true
  }

  /** The first required header that this parser does not read. */
  unknownRequirement(): string | undefined {
    return this.#required.find((fullName) => {
      const { namespace, name } = this.#resolve(fullName)
      return namespace === undefined || UNDERSTOOD.get(namespace)?.has(name) !== true
    })
  }

  #declare(value: string): boolean {
    const open = value.indexOf('<')
    if (open === -1) return false
    const uri = canonicalNamespace(value.slice(open + 1, closeOrEnd(value, open)))
    const prefix = value.slice(0, open).trim()
    if (prefix === '') this.#default = uri
    else this.#prefixes.set(prefix, uri)
    return true
  }

  #resolve(fullName: string): { prefix?: string; name: string; namespace: string | undefined } {
    const dot = fullName.indexOf('.')
    if (dot === -1) return { name: fullName, namespace: this.#default }
    const prefix = fullName.slice(0, dot)
    return { prefix, name: fullName.slice(dot + 1), namespace: this.#prefixes.get(prefix) }
  }
}

type Draft = {
  -readonly [Key in keyof CpimMessage]: CpimMessage[Key] extends readonly (infer Item)[]
    ? Item[]
    : CpimMessage[Key]
}

function messageOf(headers: CpimHeader[]): CpimMessage {
  const message: Draft = { headers, to: [], cc: [], dispositionNotification: [], recordRoute: [] }
  for (const { namespace, name, value } of headers) {
    if (value === '') continue
    if (namespace === CPIM_NAMESPACE) takeCpimHeader(message, name, value)
    else if (namespace === IMDN_NAMESPACE) takeImdnHeader(message, name, value)
  }
  return message
}

/** Of what may stand once the first counts. */
function takeCpimHeader(message: Draft, name: string, value: string): void {
  if (name === 'DateTime') message.dateTime ??= value
  else if (name === 'Subject') message.subject ??= value
  if (!isAddress(CPIM_NAMESPACE, name)) return
  const address = readAddress(value)
  if (address === undefined) return
  if (name === 'From') message.from ??= address
  else if (name === 'To') message.to.push(address)
  else message.cc.push(address)
}

function takeImdnHeader(message: Draft, name: string, value: string): void {
  if (name === 'Message-ID') message.messageId ??= value
  else if (name === 'Disposition-Notification')
    for (const item of splitList(value)) message.dispositionNotification.push(withoutParameters(item))
  if (!isAddress(IMDN_NAMESPACE, name)) return
  const address = readAddress(value)
  if (address === undefined) return
  if (name === 'Original-To') message.originalTo ??= address.uri
  else if (name === 'IMDN-Record-Route') message.recordRoute.push(address.uri)
}

/** Address values keep their escapes until the quoted name is found. */
function isAddress(namespace: string | undefined, name: string): boolean {
  if (namespace === CPIM_NAMESPACE) return name === 'From' || name === 'To' || name === 'cc'
  return namespace === IMDN_NAMESPACE && (name === 'Original-To' || name.startsWith('IMDN-R'))
}

/** `"Name" <uri>`, `Name <uri>`, `<uri>`, or a bare URI; the closing `>` may be missing. */
function readAddress(value: string): CpimAddress | undefined {
  const quoted = /^"((?:[^"\\]|\\.)*)"\s*/.exec(value)
  const open = value.indexOf('<', quoted?.[0].length ?? 0)
  const uri = (
    open === -1 ? value.slice(quoted?.[0].length ?? 0) : value.slice(open + 1, closeOrEnd(value, open))
  ).trim()
  if (uri === '' || /\s/.test(uri)) return undefined
  const displayName = unescapeValue(quoted?.[1] ?? (open === -1 ? '' : value.slice(0, open).trim()))
  return displayName === '' ? { uri } : { uri, displayName }
}

/** `Subject:;lang=fr Bonjour`: parameters stand between the colon and the first space. */
function splitParameters(text: string): { parameters?: Record<string, string>; value: string } {
  if (!text.startsWith(';')) return { value: text.trim() }
  const space = text.indexOf(' ')
  const source = space === -1 ? text : text.slice(0, space)
  const entries = source
    .slice(1)
    .split(';')
    .map((parameter): [string, string] => {
      const equals = parameter.indexOf('=')
      if (equals === -1) return [parameter.toLowerCase(), '']
      return [parameter.slice(0, equals).toLowerCase(), parameter.slice(equals + 1)]
    })
  return { parameters: Object.fromEntries(entries), value: space === -1 ? '' : text.slice(space).trim() }
}

function splitList(value: string): string[] {
  return value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
}

function withoutParameters(value: string): string {
  return (value.split(';', 1)[0] ?? '').trim()
}

/** URNs compare without regard to the case of their scheme and namespace; the two that matter are lower case. */
function canonicalNamespace(uri: string): string {
  const trimmed = uri.trim()
  return /^urn:/i.test(trimmed) ? trimmed.toLowerCase() : trimmed
}

function closeOrEnd(value: string, open: number): number {
  const close = value.indexOf('>', open)
  return close === -1 ? value.length : close
}
