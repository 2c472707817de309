import { DecodeError, EncodeError } from './errors.ts'

/** The sixteen semi-octets of TS 29.002 / 23.040: ten digits, `*`, `#`, a, b, c, and the filler F. */
const DIGITS = '0123456789*#abc'
const FILLER = 0xf

const NO_DIGIT = 0xff

/** Semi-octet by character code. */
const VALUES = Uint8Array.from({ length: 128 }, (_, code) =>
  DIGITS.indexOf(String.fromCharCode(code).toLowerCase()),
)

const PAIRS: readonly string[] = Array.from({ length: 256 }, (_, octet) => {
  const low = octet & 0xf
  const high = octet >> 4
  return low === FILLER ? '' : (DIGITS[low] ?? '') + (high === FILLER ? '' : (DIGITS[high] ?? ''))
})

/** Packs digits two an octet, first digit in the low nibble, filler F in the last high nibble if odd. */
export function encodeTbcd(digits: string, protocol = 'TBCD', path = 'digits'): Buffer {
  const octets = Buffer.allocUnsafe((digits.length + 1) >> 1)
  for (let i = 0; i < digits.length; i += 2) {
    const low = semiOctet(digits, i, protocol, path)
    const high = i + 1 < digits.length ? semiOctet(digits, i + 1, protocol, path) : FILLER
    octets[i >> 1] = (high << 4) | low
  }
  return octets
}

/** Unpacks digits up to the filler. A filler anywhere but in the last high nibble is `invalid`. */
export function decodeTbcd(octets: Uint8Array, protocol = 'TBCD', path = 'digits', offset = 0): string {
  let digits = ''
  const last = octets.length - 1
  for (let i = 0; i <= last; i++) {
    const octet = octets[i] as number
    const pair = PAIRS[octet] as string
    if (pair.length !== 2 && !(i === last && pair.length === 1))
      throw new DecodeError(protocol, path, offset + i, 'invalid', 'filler before the last digit')
    digits += pair
  }
  return digits
}

function semiOctet(digits: string, index: number, protocol: string, path: string): number {
  const value = VALUES[digits.charCodeAt(index)] ?? NO_DIGIT
  if (value === NO_DIGIT) throw new EncodeError(protocol, path, `"${digits[index]}" at ${index} is no digit`)
  return value
}
