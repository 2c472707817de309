/** Octets that `count` septets occupy behind `fillBits` (TS 23.038 §6.1.2.1). */
export function packedOctets(count: number, fillBits = 0): number {
  return (fillBits + count * 7 + 7) >> 3
}

/** Bits between a user data header of `headerOctets` (its length octet included) and the next septet boundary. */
export function fillBitsAfter(headerOctets: number): number {
  return (7 - ((headerOctets * 8) % 7)) % 7
}

/** Septets that a header of `headerOctets` and its fill bits take from TP-UDL. */
export function septetsOfHeader(headerOctets: number): number {
  return Math.ceil((headerOctets * 8) / 7)
}

/** Packs septets (one an octet) least significant bit first; fill and spare bits are 0. Gives the position behind. */
export function packSeptets(septets: Uint8Array, out: Uint8Array, position: number, fillBits = 0): number {
  let bits = fillBits
  let pending = 0
  let at = position
  for (let i = 0; i < septets.length; i++) {
    pending |= (septets[i] as number) << bits
    bits += 7
    if (bits >= 8) {
      out[at++] = pending & 0xff
      pending >>= 8
      bits -= 8
    }
  }
  if (bits > 0) out[at++] = pending
  return at
}

/** Unpacks `count` septets; the caller has checked that `packedOctets(count, fillBits)` octets are there. */
export function unpackSeptets(octets: Uint8Array, count: number, fillBits = 0): Uint8Array {
  const septets = new Uint8Array(count)
  let bit = fillBits
  for (let i = 0; i < count; i++, bit += 7) {
    const at = bit >> 3
    const pair = (octets[at] as number) | ((octets[at + 1] ?? 0) << 8)
    septets[i] = (pair >> (bit & 7)) & 0x7f
  }
  return septets
}
