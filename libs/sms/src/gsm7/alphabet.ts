import { CODE_POINT_LIMIT, LANGUAGE_TABLES, type Language } from './tables.ts'

/** Septet that announces a character of the single shift (extension) table (TS 23.038 §6.2.1). */
export const ESCAPE = 0x1b
const UNDEFINED = '\0'
const SPACE = ' '

/** Code of each code point, -1 where the table has none; undefined where the language has no table. */
type EncodeTable = Int8Array
/** Character of each of the 128 codes, undefined where the table has none. */
type DecodeTable = readonly (string | undefined)[]

const LOCKING_DECODE: readonly (DecodeTable | undefined)[] = LANGUAGE_TABLES.map(({ locking }) =>
  locking === undefined ? undefined : Array.from(locking, (char) => (char === UNDEFINED ? undefined : char)),
)
const SINGLE_DECODE: readonly DecodeTable[] = LANGUAGE_TABLES.map(({ singleShift }) =>
  readSparse(singleShift),
)
const LOCKING_ENCODE: readonly (EncodeTable | undefined)[] = LOCKING_DECODE.map(
  (table) => table && invert(table),
)
const SINGLE_ENCODE: readonly EncodeTable[] = SINGLE_DECODE.map(invert)

/** The pair of encode tables that text of one encoding uses. */
export interface ShiftTables {
  readonly locking: Int8Array
  readonly single: Int8Array
}

/** True when the standard has a locking shift table for the language. */
export function hasLockingTable(language: Language): boolean {
  return LOCKING_ENCODE[language] !== undefined
}

/** Tables for a pair of National Language Identifiers; a missing or unknown one is the default's. */
export function shiftTables(locking: number, single: number): ShiftTables {
  return {
    locking: (LOCKING_ENCODE[locking] ?? LOCKING_ENCODE[0]) as EncodeTable,
    single: (SINGLE_ENCODE[single] ?? SINGLE_ENCODE[0]) as EncodeTable,
  }
}

/** Septets of one UTF-16 code unit: 1, 2 (with escape), or 0 when neither table has it. */
export function septetCost(unit: number, tables: ShiftTables): 0 | 1 | 2 {
  if (unit >= CODE_POINT_LIMIT) return 0
  if ((tables.locking[unit] as number) >= 0) return 1
  return (tables.single[unit] as number) >= 0 ? 2 : 0
}

/** Septets that the text needs, or -1 when a character has no code. */
export function measureSeptets(text: string, tables: ShiftTables): number {
  const { locking, single } = tables
  let septets = text.length
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit >= CODE_POINT_LIMIT) return -1
    if ((locking[unit] as number) >= 0) continue
    if ((single[unit] as number) < 0) return -1
    septets++
  }
  return septets
}

/** Septets of text that `measureSeptets` found to need exactly `count`, one an octet. */
export function toSeptets(text: string, count: number, tables: ShiftTables): Uint8Array {
  const { locking, single } = tables
  const septets = Buffer.allocUnsafe(count)
  let position = 0
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    const code = locking[unit] as number
    if (code >= 0) {
      septets[position++] = code
    } else {
      septets[position++] = ESCAPE
      septets[position++] = single[unit] as number
    }
  }
  return septets
}

/** Septets of the text, one an octet, or undefined when a character has no code. */
export function encodeGsm7(text: string, locking = 0, single = 0): Uint8Array | undefined {
  const tables = shiftTables(locking, single)
  const count = measureSeptets(text, tables)
  return count < 0 ? undefined : toSeptets(text, count, tables)
}

/**
 * Text of septets (one an octet), by the reading rules of TS 23.038 §6.2.1.1: an escaped code without a character
 * shows the locking table's, a code without any, a double or a last escape a space.
 */
export function decodeGsm7(septets: Uint8Array, locking = 0, single = 0): string {
  const base = (LOCKING_DECODE[locking] ?? LOCKING_DECODE[0]) as DecodeTable
  const shifted = (SINGLE_DECODE[single] ?? SINGLE_DECODE[0]) as DecodeTable
  let text = ''
  for (let i = 0; i < septets.length; i++) {
    const code = septets[i] as number
    if (code !== ESCAPE) {
      text += base[code] ?? SPACE
      continue
    }
    const escaped = septets[++i]
    text += escaped === undefined ? SPACE : (shifted[escaped] ?? base[escaped] ?? SPACE)
  }
  return text
}

function readSparse(entries: string): DecodeTable {
  const table = new Array<string | undefined>(128).fill(undefined)
  for (let i = 0; i < entries.length; i += 3)
    table[Number.parseInt(entries.slice(i, i + 2), 16)] = entries[i + 2]
  return table
}

/** Where several codes carry one character the lowest wins. */
function invert(table: DecodeTable): EncodeTable {
  const codes = new Int8Array(CODE_POINT_LIMIT).fill(-1)
  for (let code = 127; code >= 0; code--) {
    const char = table[code]
    if (char !== undefined) codes[char.charCodeAt(0)] = code
  }
  return codes
}
