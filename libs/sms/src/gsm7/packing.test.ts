import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fillBitsAfter, packedOctets, packSeptets, septetsOfHeader, unpackSeptets } from './packing.ts'

const FILL_BITS = [
  [4, 3],
  [5, 2],
  [6, 1],
  [7, 0],
  [8, 6],
  [9, 5],
  [10, 4],
  [11, 3],
  [12, 2],
  [13, 1],
  [15, 6],
] as const

for (const [headerOctets, fillBits] of FILL_BITS) {
  test(`TS 23.040 §9.2.3.24: a header of ${headerOctets} octets is followed by ${fillBits} fill bits`, () => {
    assert.equal(fillBitsAfter(headerOctets), fillBits)
    assert.equal((headerOctets * 8 + fillBits) / 7, septetsOfHeader(headerOctets))
  })
}

test('TS 23.038 §6.1.2.1: packing and unpacking agree for every length and fill, and spare bits are 0', () => {
  for (let fillBits = 0; fillBits < 7; fillBits++) {
    for (let count = 0; count <= 160; count++) {
      const septets = Uint8Array.from({ length: count }, (_, i) => (i * 37 + 127) & 0x7f)
      const out = Buffer.alloc(packedOctets(count, fillBits) + 1, 0xee)
      const end = packSeptets(septets, out, 0, fillBits)
      assert.equal(end, out.length - 1)
      assert.equal(out[end], 0xee)
      assert.deepEqual(unpackSeptets(out, count, fillBits), septets)
      const spareBits = end * 8 - fillBits - count * 7
      if (end > 0) assert.equal((out[end - 1] as number) >> (8 - spareBits), 0)
    }
  }
})
