import { type ByteReader, type ByteWriter, decodeTbcd, EncodeError, encodeTbcd } from '@ipsmgw/bytes'
import { decodeGsm7, encodeGsm7 } from './gsm7/alphabet.ts'
import { packedOctets, packSeptets, unpackSeptets } from './gsm7/packing.ts'
import { type Address, PROTOCOL, TypeOfNumber } from './messages.ts'
import { toBaseCharacters } from './transliteration.ts'

const MAX_SEMI_OCTETS = 20
const MAX_VALUE_OCTETS = 10
/** Characters of the longest alphanumeric address. */
export const MAX_ALPHANUMERIC_CHARACTERS = 11

/**
 * Address field (TS 23.040 §9.1.2.5): length in useful semi-octets (1), type of address (1: bit 7 = 1, TON, NPI),
 * value (0-10 octets). Throws `EncodeError` when the value does not fit.
 */
export function writeAddress(writer: ByteWriter, address: Address, field: string): void {
  if (address.kind === 'alphanumeric') {
    writeAlphanumeric(writer, address.text, address.npi ?? 0, field)
    return
  }
  const { ton, npi, digits } = address
  if (ton === TypeOfNumber.alphanumeric || ton < 0 || ton > 7 || npi < 0 || npi > 15)
    throw new EncodeError(PROTOCOL, field, `type of number ${ton}, numbering plan ${npi} for digits`)
  if (digits.length > MAX_SEMI_OCTETS)
    throw new EncodeError(PROTOCOL, field, `${digits.length} digits, at most ${MAX_SEMI_OCTETS}`)
  writer.uint8(digits.length).uint8(0x80 | (ton << 4) | npi)
  writer.octets(encodeTbcd(digits, PROTOCOL, field))
}

/** Reads an address field. A wrong filler, a filler among the digits or a cleared bit 7 of the type is `invalid`. */
export function readAddress(reader: ByteReader, field: string): Address {
  const length = reader.uint8(`${field}.length`)
  if (length > MAX_SEMI_OCTETS)
    reader.fail(`${field}.length`, 'overlength', `${length} semi-octets, at most ${MAX_SEMI_OCTETS}`)
  const type = reader.peek() ?? 0x80
  if ((type & 0x80) === 0) reader.fail(`${field}.type`, 'invalid', 'bit 7 is 0')
  reader.uint8(`${field}.type`)
  const ton = ((type >> 4) & 0x7) as TypeOfNumber
  const npi = type & 0xf
  const offset = reader.offset
  const value = reader.octets((length + 1) >> 1, `${field}.value`, MAX_VALUE_OCTETS)
  if (ton === TypeOfNumber.alphanumeric) return readAlphanumeric(value, length, npi)
  const digits = decodeTbcd(value, PROTOCOL, `${field}.value`, offset)
  if (digits.length !== length)
    reader.fail(`${field}.value`, 'invalid', `${digits.length} digits where the length says ${length}`)
  return { kind: 'numeric', ton, npi, digits }
}

/**
 * The name as an alphanumeric TP-OA can show it: nearest characters of the default alphabet without its extension
 * table, others dropped, cut at 11. Empty when nothing is left.
 */
export function toAlphanumeric(name: string): string {
  return toBaseCharacters(name).slice(0, MAX_ALPHANUMERIC_CHARACTERS).trim()
}

/** Length counts semi-octets of the packed text, so that 7 characters are told from 8 with a trailing `@`. */
function writeAlphanumeric(writer: ByteWriter, text: string, npi: number, field: string): void {
  const septets = encodeGsm7(text)
  if (septets === undefined || septets.length !== text.length)
    throw new EncodeError(PROTOCOL, field, 'a character outside the basic default alphabet')
  if (septets.length > MAX_ALPHANUMERIC_CHARACTERS)
    throw new EncodeError(
      PROTOCOL,
      field,
      `${septets.length} characters, at most ${MAX_ALPHANUMERIC_CHARACTERS}`,
    )
  const value = Buffer.alloc(packedOctets(septets.length))
  packSeptets(septets, value, 0)
  writer.uint8(Math.ceil((septets.length * 7) / 4)).uint8(0x80 | (TypeOfNumber.alphanumeric << 4) | npi)
  writer.octets(value)
}

function readAlphanumeric(value: Uint8Array, lengthSemiOctets: number, npi: number): Address {
  const count = Math.floor((lengthSemiOctets * 4) / 7)
  const text = decodeGsm7(unpackSeptets(value, count))
  return npi === 0 ? { kind: 'alphanumeric', text } : { kind: 'alphanumeric', text, npi }
}
