import { EncodeError } from '@ipsmgw/bytes'
import { type ChoiceOptions, chooseEncoding, planText, type TextPlan } from './choice.ts'
import { shiftTables, toSeptets } from './gsm7/alphabet.ts'
import type { Language } from './gsm7/tables.ts'
import {
  type ApplicationPorts,
  type Content,
  type InformationElement,
  PROTOCOL,
  type TextEncoding,
  type UserData,
} from './messages.ts'
import { transliterate } from './transliteration.ts'
import { MAX_USER_DATA_OCTETS } from './user-data.ts'
import { concatenationElement, headerOctets, portsElement, shiftElement } from './user-data-header.ts'

/** Parts of one message when the caller sets no limit. */
export const DEFAULT_MAX_PARTS = 10
/** Parts that a concatenation element can count. */
const MOST_PARTS = 255
/** NFC shortens no text to less than a quarter of its code units: longer input needs no look. */
const MAX_UNITS_PER_PART = 4 * 160

/** Reference of a concatenated message; the same message must always get the same one. */
export interface ConcatenationReference {
  readonly bits: 8 | 16
  readonly value: number
}

export interface PrepareOptions {
  /** Used only when the message needs several parts. */
  readonly reference: ConcatenationReference
  /** National languages that may be used. Default none. */
  readonly languages?: readonly Language[]
  /** 1-255, default `DEFAULT_MAX_PARTS`. */
  readonly maxParts?: number
  readonly ports?: ApplicationPorts
  /** Take UCS2 when it needs no more parts than a national table. Default false. */
  readonly preferUcs2?: boolean
  /** Replace typographic quotes, dashes and spaces where that makes the message cheaper. Default false. */
  readonly transliterate?: boolean
  /** Turn CR LF into LF. Default false. */
  readonly crLfToLf?: boolean
  /** Use this encoding and no other. */
  readonly encoding?: TextEncoding
}

/** A message in parts, ready for the fields that all parts share. */
export interface PreparedMessage {
  readonly ok: true
  /** Undefined for data. */
  readonly encoding: TextEncoding | undefined
  readonly parts: readonly UserData[]
}

/** Nothing is ever cut off: the caller refuses the message. */
export interface UnpreparedMessage {
  readonly ok: false
  readonly reason: 'tooManyParts' | 'unencodable'
  readonly maxParts: number
}

/**
 * Normalises a text (NFC), chooses the cheapest encoding and splits it into parts of whole grapheme clusters.
 * Empty text gives one empty part. `unencodable` occurs only with a fixed `encoding`.
 */
export function prepareText(text: string, options: PrepareOptions): PreparedMessage | UnpreparedMessage {
  const maxParts = options.maxParts ?? DEFAULT_MAX_PARTS
  if (!Number.isInteger(maxParts) || maxParts < 1 || maxParts > MOST_PARTS)
    throw new EncodeError(PROTOCOL, 'maxParts', `${maxParts} is not in 1-${MOST_PARTS}`)
  if (text.length > maxParts * MAX_UNITS_PER_PART) return { ok: false, reason: 'tooManyParts', maxParts }
  const lines = options.crLfToLf === true ? text.replaceAll('\r\n', '\n') : text
  const choice: ChoiceOptions = {
    languages: options.languages ?? [],
    referenceBits: options.reference.bits,
    ports: options.ports,
    maxParts,
    preferUcs2: options.preferUcs2 ?? false,
  }
  const { plan, source } = planBest(isAscii(lines) ? lines : lines.normalize('NFC'), options, choice)
  if (typeof plan === 'string') return { ok: false, reason: plan, maxParts }
  return { ok: true, encoding: plan.encoding, parts: buildParts(source, plan, options) }
}

/** Splits octets of 8 bit data into parts; no encoding is chosen, nothing is changed. */
export function prepareData(
  octets: Uint8Array,
  options: PrepareOptions,
): PreparedMessage | UnpreparedMessage {
  const maxParts = options.maxParts ?? DEFAULT_MAX_PARTS
  const single = sharedElements(undefined, options.ports)
  if (octets.length <= MAX_USER_DATA_OCTETS - headerOctets(orNone(single)))
    return { ok: true, encoding: undefined, parts: [userData(single, { alphabet: 'data', octets })] }
  const { bits } = options.reference
  const room = MAX_USER_DATA_OCTETS - headerOctets([concatenation(options, 1, 1), ...single])
  const total = Math.ceil(octets.length / room)
  if (total > Math.min(maxParts, MOST_PARTS)) return { ok: false, reason: 'tooManyParts', maxParts }
  const parts = Array.from({ length: total }, (_, index) => {
    const slice = octets.subarray(index * room, (index + 1) * room)
    const header = [
      concatenation({ reference: { bits, value: options.reference.value } }, total, index + 1),
      ...single,
    ]
    return userData(header, { alphabet: 'data', octets: slice })
  })
  return { ok: true, encoding: undefined, parts }
}

function planBest(
  text: string,
  options: PrepareOptions,
  choice: ChoiceOptions,
): { plan: TextPlan | 'unencodable' | 'tooManyParts'; source: string } {
  const plan = (source: string) =>
    options.encoding === undefined
      ? chooseEncoding(source, choice)
      : planText(source, options.encoding, choice)
  const asWritten = plan(text)
  if (options.transliterate !== true || isDefault(asWritten)) return { plan: asWritten, source: text }
  const plainer = transliterate(text)
  const replaced = plainer === text ? asWritten : plan(plainer)
  return isCheaper(replaced, asWritten)
    ? { plan: replaced, source: plainer }
    : { plan: asWritten, source: text }
}

function buildParts(text: string, plan: TextPlan, options: PrepareOptions): UserData[] {
  const shared = sharedElements(plan.encoding, options.ports)
  const total = plan.parts.length
  const [first] = plan.parts
  if (total === 1 && first !== undefined)
    return [userData(shared, contentOf(text, plan.encoding, first.units))]
  return plan.parts.map(({ start, end, units }, index) =>
    userData(
      [concatenation(options, total, index + 1), ...shared],
      contentOf(text.slice(start, end), plan.encoding, units),
    ),
  )
}

function contentOf(text: string, encoding: TextEncoding, units: number): Content {
  if (encoding.alphabet === 'ucs2') return { alphabet: 'ucs2', text }
  const septets = toSeptets(text, units, shiftTables(encoding.locking, encoding.single))
  return { alphabet: 'gsm7', text, septets }
}

/** Elements that every part carries, in the order ports, single shift, locking shift. */
function sharedElements(
  encoding: TextEncoding | undefined,
  ports: ApplicationPorts | undefined,
): InformationElement[] {
  const elements = ports === undefined ? [] : [portsElement(ports)]
  if (encoding?.alphabet === 'gsm7') {
    if (encoding.single !== 0) elements.push(shiftElement('single', encoding.single))
    if (encoding.locking !== 0) elements.push(shiftElement('locking', encoding.locking))
  }
  return elements
}

function concatenation(
  { reference }: Pick<PrepareOptions, 'reference'>,
  total: number,
  sequence: number,
): InformationElement {
  return concatenationElement({ bits: reference.bits, reference: reference.value, total, sequence })
}

function userData(elements: readonly InformationElement[], content: Content): UserData {
  return elements.length === 0 ? { content } : { header: elements, content }
}

function orNone(elements: readonly InformationElement[]): readonly InformationElement[] | undefined {
  return elements.length === 0 ? undefined : elements
}

function isDefault(plan: TextPlan | string): boolean {
  return (
    typeof plan !== 'string' &&
    plan.encoding.alphabet === 'gsm7' &&
    plan.encoding.locking === 0 &&
    plan.encoding.single === 0
  )
}

/** Fewer parts, or as many in a better class (default, national, UCS2). */
function isCheaper(a: TextPlan | string, b: TextPlan | string): boolean {
  if (typeof a === 'string') return false
  if (typeof b === 'string') return true
  if (a.parts.length !== b.parts.length) return a.parts.length < b.parts.length
  return classOf(a) < classOf(b)
}

function classOf(plan: TextPlan): number {
  if (plan.encoding.alphabet === 'ucs2') return 2
  return isDefault(plan) ? 0 : 1
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false
  return true
}
