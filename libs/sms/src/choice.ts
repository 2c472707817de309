import { hasLockingTable, measureSeptets, shiftTables } from './gsm7/alphabet.ts'
import { packedOctets, septetsOfHeader } from './gsm7/packing.ts'
import type { Language } from './gsm7/tables.ts'
import type { ApplicationPorts, TextEncoding } from './messages.ts'
import { splitText, type TextRange } from './segmentation.ts'
import { MAX_USER_DATA_OCTETS } from './user-data.ts'

const MAX_USER_DATA_SEPTETS = 160
const CONCATENATION_ELEMENT_OCTETS = { 8: 5, 16: 6 } as const
const PORTS_ELEMENT_OCTETS = { 8: 4, 16: 6 } as const
const SHIFT_ELEMENT_OCTETS = 3

export const DEFAULT_ENCODING: TextEncoding = { alphabet: 'gsm7', locking: 0, single: 0 }
const UCS2: TextEncoding = { alphabet: 'ucs2' }

/** What the choice depends on besides the text. */
export interface ChoiceOptions {
  /** National languages whose tables the recipient's network and phones know. Default none. */
  readonly languages?: readonly Language[]
  readonly referenceBits: 8 | 16
  readonly ports?: ApplicationPorts | undefined
  readonly maxParts: number
  /** Take UCS2 when it needs no more parts than a national table. Default false. */
  readonly preferUcs2?: boolean
}

/** A text as it would be sent in one encoding. */
export interface TextPlan {
  readonly encoding: TextEncoding
  readonly parts: readonly TextRange[]
}

/** Octets of a user data header with these elements, its length octet included; 0 for none. */
export function plannedHeaderOctets(
  encoding: TextEncoding,
  concatenationBits: 8 | 16 | undefined,
  ports: ApplicationPorts | undefined,
): number {
  let octets = 0
  if (concatenationBits !== undefined) octets += CONCATENATION_ELEMENT_OCTETS[concatenationBits]
  if (ports !== undefined) octets += PORTS_ELEMENT_OCTETS[ports.bits]
  if (encoding.alphabet === 'gsm7') {
    if (encoding.single !== 0) octets += SHIFT_ELEMENT_OCTETS
    if (encoding.locking !== 0) octets += SHIFT_ELEMENT_OCTETS
  }
  return octets === 0 ? 0 : octets + 1
}

/** Septets or code units of text that fit beside a header of so many octets. */
export function roomBeside(alphabet: TextEncoding['alphabet'], headerOctets: number): number {
  return alphabet === 'gsm7'
    ? MAX_USER_DATA_SEPTETS - septetsOfHeader(headerOctets)
    : (MAX_USER_DATA_OCTETS - headerOctets) >> 1
}

/** The text in one encoding; `unencodable` when a character has no code, `tooManyParts` above the limit. */
export function planText(
  text: string,
  encoding: TextEncoding,
  options: ChoiceOptions,
): TextPlan | 'unencodable' | 'tooManyParts' {
  const tables = encoding.alphabet === 'gsm7' ? shiftTables(encoding.locking, encoding.single) : undefined
  const units = tables === undefined ? text.length : measureSeptets(text, tables)
  if (units < 0) return 'unencodable'
  const singleHeader = plannedHeaderOctets(encoding, undefined, options.ports)
  if (units <= roomBeside(encoding.alphabet, singleHeader))
    return { encoding, parts: [{ start: 0, end: text.length, units }] }
  const header = plannedHeaderOctets(encoding, options.referenceBits, options.ports)
  const parts = splitText(text, roomBeside(encoding.alphabet, header), tables, options.maxParts)
  return parts === undefined ? 'tooManyParts' : { encoding, parts }
}

/**
 * The cheapest encoding: the default alphabet whenever it has every character; else the smallest of parts, class
 * (national before UCS2), mode (single, locking, both), octets of user data, language number.
 */
export function chooseEncoding(text: string, options: ChoiceOptions): TextPlan | 'tooManyParts' {
  const plain = planText(text, DEFAULT_ENCODING, options)
  if (plain !== 'unencodable') return plain
  const national = cheapestNational(text, options)
  const ucs2 = planText(text, UCS2, options)
  if (typeof ucs2 === 'string') return national ?? 'tooManyParts'
  if (national === undefined) return ucs2
  const difference = national.parts.length - ucs2.parts.length
  return difference < 0 || (difference === 0 && options.preferUcs2 !== true) ? national : ucs2
}

function cheapestNational(text: string, options: ChoiceOptions): TextPlan | undefined {
  let best: TextPlan | undefined
  let bestKey: readonly number[] = []
  for (const language of options.languages ?? []) {
    for (const [mode, encoding] of nationalEncodings(language).entries()) {
      const plan = encoding && planText(text, encoding, options)
      if (plan === undefined || typeof plan === 'string') continue
      const key = [plan.parts.length, mode, octetsOf(plan, options), language]
      if (best !== undefined && !isSmaller(key, bestKey)) continue
      best = plan
      bestKey = key
    }
  }
  return best
}

/** Single, locking, both: the index is the mode of the cost. */
function nationalEncodings(language: Language): readonly (TextEncoding | undefined)[] {
  if (language === 0) return []
  const hasLocking = hasLockingTable(language)
  return [
    { alphabet: 'gsm7', locking: 0, single: language },
    hasLocking ? { alphabet: 'gsm7', locking: language, single: 0 } : undefined,
    hasLocking ? { alphabet: 'gsm7', locking: language, single: language } : undefined,
  ]
}

function octetsOf({ encoding, parts }: TextPlan, options: ChoiceOptions): number {
  const bits = parts.length > 1 ? options.referenceBits : undefined
  const header = plannedHeaderOctets(encoding, bits, options.ports)
  let octets = 0
  for (const { units } of parts) octets += packedOctets(septetsOfHeader(header) + units)
  return octets
}

function isSmaller(a: readonly number[], b: readonly number[]): boolean {
  const index = a.findIndex((value, i) => value !== b[i])
  return index !== -1 && (a[index] as number) < (b[index] as number)
}
