import { ByteReader, EncodeError } from '@ipsmgw/bytes'

/**
 * A global title (Q.713 §3.4.2.3). `digits` holds one character a nibble: 0-9, and b, c, f for code 11, code 12
 * and ST (a, d, e are spare).
 */
export type GlobalTitle =
  | { readonly indicator: 1; readonly natureOfAddress: number; readonly digits: string }
  | { readonly indicator: 2; readonly translationType: number; readonly digits: string }
  | {
      readonly indicator: 3
      readonly translationType: number
      readonly numberingPlan: number
      readonly digits: string
    }
  | {
      readonly indicator: 4
      readonly translationType: number
      readonly numberingPlan: number
      readonly natureOfAddress: number
      readonly digits: string
    }

/** Numbering plans (Q.713 §3.4.2.3.3). */
export const NumberingPlan = {
  unknown: 0,
  e164: 1,
  x121: 3,
  f69: 4,
  e210: 5,
  e212: 6,
  e214: 7,
  private: 14,
} as const

/** Nature of address indicators (Q.713 §3.4.2.3.1). */
export const NatureOfAddress = {
  unknown: 0,
  subscriber: 1,
  reservedNational: 2,
  nationalSignificant: 3,
  international: 4,
} as const

/** What an address is made of. */
export interface SccpAddressFields {
  readonly routeOn: 'gt' | 'ssn'
  readonly ssn?: number
  /** 14 bits. */
  readonly pointCode?: number
  readonly globalTitle?: GlobalTitle
}

const PC_PRESENT = 0x01
const SSN_PRESENT = 0x02
const ROUTE_ON_SSN = 0x40
const EVEN = 2
const ODD = 1
const LONGEST_DIGITS = 32
/** Indicator, point code, SSN, global title with its longest digits, and some room. */
const LONGEST_ADDRESS = 32

/**
 * Called or calling party address (Q.713 §3.4): address indicator, point code (little endian), SSN, global title.
 *
 * Immutable. An address that was received keeps its octets, so that an answer goes back to exactly the same ones;
 * `with` makes a changed copy.
 */
export class SccpAddress {
  /** The parameter without its length octet. */
  readonly octets: Uint8Array
  readonly routeOn: 'gt' | 'ssn'
  readonly ssn: number | undefined
  readonly pointCode: number | undefined
  readonly globalTitle: GlobalTitle | undefined
  #key: string | undefined

  private constructor(octets: Uint8Array, fields: SccpAddressFields) {
    this.octets = octets
    this.routeOn = fields.routeOn
    this.ssn = fields.ssn
    this.pointCode = fields.pointCode
    this.globalTitle = fields.globalTitle
  }

  /** Throws `EncodeError` when a field has no place on the wire. */
  static of(fields: SccpAddressFields): SccpAddress {
    return new SccpAddress(encodeAddress(fields), fields)
  }

  /** The usual address: route on GT, indicator 4, TT 0, E.164, international. */
  static e164(digits: string, ssn: number): SccpAddress {
    const globalTitle: GlobalTitle = {
      indicator: 4,
      translationType: 0,
      numberingPlan: NumberingPlan.e164,
      natureOfAddress: NatureOfAddress.international,
      digits,
    }
    return SccpAddress.of({ routeOn: 'gt', ssn, globalTitle })
  }

  /** Reads the parameter without its length octet. The octets are copied: an address outlives its message. */
  static decode(octets: Uint8Array, base = 0): SccpAddress {
    return new SccpAddress(Uint8Array.prototype.slice.call(octets), decodeAddress(octets, base))
  }

  /** A changed copy. */
  with(change: Partial<SccpAddressFields>): SccpAddress {
    return SccpAddress.of({ ...this.fields(), ...change })
  }

  fields(): SccpAddressFields {
    return {
      routeOn: this.routeOn,
      ...(this.ssn !== undefined && { ssn: this.ssn }),
      ...(this.pointCode !== undefined && { pointCode: this.pointCode }),
      ...(this.globalTitle !== undefined && { globalTitle: this.globalTitle }),
    }
  }

  /** Octet for octet. */
  equals(other: SccpAddress): boolean {
    return Buffer.compare(this.octets, other.octets) === 0
  }

  /** For use as a key of a map. Holds the number: nothing for logs. */
  key(): string {
    this.#key ??= Buffer.from(this.octets.buffer, this.octets.byteOffset, this.octets.length).toString(
      'latin1',
    )
    return this.#key
  }
}

function encodeAddress(fields: SccpAddressFields): Uint8Array {
  const { routeOn, ssn, pointCode, globalTitle } = fields
  const octets: number[] = [
    (routeOn === 'ssn' ? ROUTE_ON_SSN : 0) |
      ((globalTitle?.indicator ?? 0) << 2) |
      (ssn === undefined ? 0 : SSN_PRESENT) |
      (pointCode === undefined ? 0 : PC_PRESENT),
  ]
  if (pointCode !== undefined) {
    within(pointCode, 0x3fff, 'point code')
    octets.push(pointCode & 0xff, pointCode >> 8)
  }
  if (ssn !== undefined) octets.push(within(ssn, 0xff, 'SSN'))
  if (globalTitle !== undefined) encodeGlobalTitle(globalTitle, octets)
  return Uint8Array.from(octets)
}

function encodeGlobalTitle(title: GlobalTitle, octets: number[]): void {
  const { digits } = title
  if (digits === '') throw new EncodeError('SCCP', 'digits', 'a global title without digits')
  if (digits.length > LONGEST_DIGITS) throw new EncodeError('SCCP', 'digits', `more than ${LONGEST_DIGITS}`)
  const odd = digits.length % 2 === 1
  if (title.indicator === 1)
    octets.push((odd ? 0x80 : 0) | within(title.natureOfAddress, 0x7f, 'nature of address'))
  else octets.push(within(title.translationType, 0xff, 'translation type'))
  if (title.indicator === 3 || title.indicator === 4)
    octets.push((within(title.numberingPlan, 0xf, 'numbering plan') << 4) | (odd ? ODD : EVEN))
  if (title.indicator === 4) octets.push(within(title.natureOfAddress, 0x7f, 'nature of address'))
  for (let i = 0; i < digits.length; i += 2)
    octets.push((i + 1 < digits.length ? nibble(digits, i + 1) << 4 : 0) | nibble(digits, i))
}

function nibble(digits: string, index: number): number {
  const value = Number.parseInt(digits[index] ?? '', 16)
  if (Number.isNaN(value)) throw new EncodeError('SCCP', 'digits', `no digit at ${index}`)
  return value
}

function within(value: number, maximum: number, path: string): number {
  if (!Number.isInteger(value) || value < 0 || value > maximum)
    throw new EncodeError('SCCP', path, `${value} is not within 0 to ${maximum}`)
  return value
}

function decodeAddress(octets: Uint8Array, base: number): SccpAddressFields {
  const reader = new ByteReader(octets, 'SCCP', base)
  if (octets.length > LONGEST_ADDRESS) reader.fail('address', 'overlength', `${octets.length} octets`)
  const indicator = reader.uint8('addressIndicator')
  const pointCode = indicator & PC_PRESENT ? littleEndian16(reader, 'pointCode') & 0x3fff : undefined
  const ssn = indicator & SSN_PRESENT ? reader.uint8('ssn') : undefined
  const globalTitle = decodeGlobalTitle((indicator >> 2) & 0xf, reader)
  return {
    routeOn: indicator & ROUTE_ON_SSN ? 'ssn' : 'gt',
    ...(ssn !== undefined && { ssn }),
    ...(pointCode !== undefined && { pointCode }),
    ...(globalTitle !== undefined && { globalTitle }),
  }
}

function littleEndian16(reader: ByteReader, field: string): number {
  const low = reader.uint8(field)
  return low | (reader.uint8(field) << 8)
}

function decodeGlobalTitle(indicator: number, reader: ByteReader): GlobalTitle | undefined {
  switch (indicator) {
    case 0:
      reader.end('address')
      return undefined
    case 1: {
      const nature = reader.uint8('natureOfAddress')
      return { indicator, natureOfAddress: nature & 0x7f, digits: readDigits(reader, nature >= 0x80) }
    }
    case 2:
      return {
        indicator,
        translationType: reader.uint8('translationType'),
        digits: readDigits(reader, false),
      }
    case 3: {
      const translationType = reader.uint8('translationType')
      const plan = reader.uint8('numberingPlan')
      const digits = readDigits(reader, (plan & 0xf) === ODD)
      return { indicator, translationType, numberingPlan: plan >> 4, digits }
    }
    case 4: {
      const translationType = reader.uint8('translationType')
      const plan = reader.uint8('numberingPlan')
      const natureOfAddress = reader.uint8('natureOfAddress') & 0x7f
      const digits = readDigits(reader, (plan & 0xf) === ODD)
      return { indicator, translationType, numberingPlan: plan >> 4, natureOfAddress, digits }
    }
    default:
      return reader.fail('globalTitleIndicator', 'unsupported', `indicator ${indicator}`)
  }
}

function readDigits(reader: ByteReader, odd: boolean): string {
  const octets = reader.rest()
  let digits = ''
  for (let i = 0; i < octets.length; i++) digits += NIBBLE_PAIRS[octets[i] as number]
  return odd ? digits.slice(0, -1) : digits
}

/** Low nibble first. */
const NIBBLE_PAIRS: readonly string[] = Array.from(
  { length: 256 },
  (_, octet) => (octet & 0xf).toString(16) + (octet >> 4).toString(16),
)
