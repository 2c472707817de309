import { type BerReader, type BerWriter, decodeTbcd, EncodeError, encodeTbcd } from '@ipsmgw/bytes'
import { type MapAddress, type MapVersion, PROTOCOL } from './messages.ts'

/**
 * One ASN.1 type, both ways. Tagging is implicit: the field that uses a type gives the tag. `decode` takes the
 * element at the cursor.
 */
export interface Type<T> {
  decode(reader: BerReader, field: string): T
  encode(writer: BerWriter, tag: number, value: T, version: MapVersion): void
}

/** The value type of a codec. */
export type ValueOf<C> = C extends Type<infer T> ? T : never

/** INTEGER and ENUMERATED; unknown enumerations stay numbers. */
export const integer: Type<number> = {
  decode: (reader, field) => reader.integer(field),
  encode: (writer, tag, value) => writer.integer(tag, value),
}

export const boolean: Type<boolean> = {
  decode: (reader, field) => reader.boolean(field),
  encode: (writer, tag, value) => writer.boolean(tag, value),
}

/** NULL: present is true. */
export const flag: Type<true> = {
  decode(reader, field) {
    reader.null(field)
    return true
  },
  encode: (writer, tag) => writer.null(tag),
}

/** OCTET STRING within its bounds. The decoded octets are a view. */
export function octets(minimum: number, maximum: number): Type<Uint8Array> {
  return {
    decode: (reader, field) => reader.octets(field, minimum, maximum),
    encode(writer, tag, value) {
      if (value.length < minimum || value.length > maximum)
        throw new EncodeError(PROTOCOL, 'octets', `${value.length} octets, ${minimum} to ${maximum} allowed`)
      writer.octets(tag, value)
    },
  }
}

/** Any element, kept whole with its header: a type this library does not look into. */
export const opaque: Type<Uint8Array> = {
  decode: (reader, field) => reader.element(field),
  encode: (writer, _tag, value) => writer.raw(value),
}

/** TBCD digits without a type octet. */
export function digits(minimumOctets: number, maximumOctets: number): Type<string> {
  return {
    decode(reader, field) {
      const at = reader.offset
      return decodeTbcd(reader.octets(field, minimumOctets, maximumOctets), PROTOCOL, field, at)
    },
    encode(writer, tag, value) {
      const packed = encodeTbcd(value, PROTOCOL)
      if (packed.length < minimumOctets || packed.length > maximumOctets)
        throw new EncodeError(PROTOCOL, 'digits', `${value.length} digits`)
      writer.octets(tag, packed)
    },
  }
}

/** AddressString: one octet (bit 8 set, nature, plan), then TBCD. */
export function addressString(maximumOctets: number): Type<MapAddress> {
  return {
    decode(reader, field) {
      const at = reader.offset
      const value = reader.octets(field, 1, maximumOctets)
      const first = value[0] as number
      return {
        nature: (first >> 4) & 0x7,
        plan: first & 0xf,
        digits: decodeTbcd(value.subarray(1), PROTOCOL, field, at),
      }
    },
    encode(writer, tag, { nature, plan, digits: number }) {
      const packed = encodeTbcd(number, PROTOCOL)
      if (packed.length >= maximumOctets)
        throw new EncodeError(PROTOCOL, 'address', `${number.length} digits`)
      const value = Buffer.allocUnsafe(packed.length + 1)
      value[0] = 0x80 | (nature << 4) | plan
      value.set(packed, 1)
      writer.octets(tag, value)
    },
  }
}

export const isdnAddress = addressString(9)
export const address = addressString(20)
export const imsi = digits(3, 8)
export const lmsi = octets(4, 4)
/** SignalInfo: a TPDU without anything before it. */
export const signalInfo = octets(0, 200)

/** Bits by name; others are `bit6`, `bit7` ... `minimumBits` are always written. */
export function bitNames<const N extends string>(
  names: readonly N[],
  minimumBits: number,
): Type<readonly (N | `bit${number}`)[]> {
  return {
    decode(reader, field) {
      const value = reader.octets(field, 1, 9)
      const count = (value.length - 1) * 8 - ((value[0] as number) & 7)
      const found: (N | `bit${number}`)[] = []
      for (let bit = 0; bit < count; bit++)
        if (((value[1 + (bit >> 3)] as number) & (0x80 >> (bit & 7))) !== 0)
          found.push(names[bit] ?? `bit${bit}`)
      return found
    },
    encode(writer, tag, value) {
      const bits = value.map((name) => bitNumber(names, name))
      const count = Math.max(minimumBits, ...bits.map((bit) => bit + 1))
      const packed = Buffer.alloc(1 + ((count + 7) >> 3))
      packed[0] = (packed.length - 1) * 8 - count
      for (const bit of bits)
        packed[1 + (bit >> 3)] = (packed[1 + (bit >> 3)] as number) | (0x80 >> (bit & 7))
      writer.octets(tag, packed)
    },
  }
}

function bitNumber(names: readonly string[], name: string): number {
  const index = names.indexOf(name)
  const bit = index === -1 ? Number(name.slice(3)) : index
  if (!Number.isInteger(bit) || bit < 0 || bit > 63) throw new EncodeError(PROTOCOL, 'bit', name)
  return bit
}

/** OBJECT IDENTIFIER, dotted. */
export const oid: Type<string> = {
  decode: (reader, field) => reader.oid(field),
  encode: (writer, tag, value) => writer.oid(tag, value),
}
