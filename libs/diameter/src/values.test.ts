import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ByteWriter, EncodeError } from '@ipsmgw/bytes'
import { isFault, SCALARS } from './values.ts'

type Type = keyof typeof SCALARS

function octetsOf(type: Type, value: unknown): string {
  const writer = new ByteWriter(16)
  ;(SCALARS[type] as (typeof SCALARS)['UTF8String']).write(writer, value as string, 'x', 'y')
  return writer.finish().toString('hex')
}

function readOf(type: Type, hex: string): unknown {
  return SCALARS[type].read(Buffer.from(hex, 'hex'))
}

/** Octets and meaning by hand from the standards. */
const CASES: [rule: string, type: Type, hex: string, value: unknown][] = [
  ['TS 29.329 §6.3.2: an even count of digits', 'Tbcd', '515500700002', '155500070020'],
  ['TS 29.329 §6.3.2: an odd count of digits', 'Tbcd', '5155001040f2', '15550001042'],
  ['TS 29.329 §6.3.2: a number that begins with 19 is no type octet', 'Tbcd', '911722f2', '1971222'],
  ['RFC 6733 §4.3.1: a time of this era', 'Time', 'eead4578', new Date('2026-11-22T10:42:00Z')],
  ['RFC 6733 §4.3.1: the last second of this era', 'Time', 'ffffffff', new Date('2036-02-07T06:28:15Z')],
  ['RFC 6733 §4.3.1: the first second of the next', 'Time', '00000000', new Date('2036-02-07T06:28:16Z')],
  ['RFC 6733 §4.3.1: an IPv4 address', 'Address', '0001c000020a', '192.0.2.10'],
  ['RFC 6733 §4.3.1: an IPv6 address', 'Address', '000220010db8000000000000000000000010', '2001:db8::10'],
  ['RFC 6733 §4.2: Unsigned32', 'Unsigned32', 'ffffffff', 4_294_967_295],
  ['RFC 6733 §4.2: Unsigned64', 'Unsigned64', '00000001ffffffff', 8_589_934_591n],
  ['RFC 6733 §4.3.1: Enumerated is signed', 'Enumerated', 'ffffffff', -1],
  ['RFC 6733 §4.3.1: UTF8String', 'UTF8String', 'c3bc', 'ü'],
]

describe('Values of AVPs', () => {
  for (const [rule, type, hex, value] of CASES)
    test(`${rule}, both ways`, () => {
      assert.deepEqual(readOf(type, hex), value)
      assert.equal(octetsOf(type, value), hex)
    })

  const faults: [rule: string, type: Type, hex: string][] = [
    ['RFC 6733 §4.2: an Unsigned32 of three octets', 'Unsigned32', '000001'],
    ['RFC 6733 §4.2: an Unsigned64 of four octets', 'Unsigned64', '00000001'],
    ['RFC 6733 §4.3.1: an Enumerated of no octets', 'Enumerated', ''],
    ['RFC 6733 §4.3.1: a Time of five octets', 'Time', '0000000000'],
    ['RFC 6733 §4.3.1: an address without a family', 'Address', '00'],
    ['RFC 6733 §4.3.1: an address of an unknown family', 'Address', '0008313535'],
    ['RFC 6733 §4.3.1: an IPv4 address of three octets', 'Address', '0001c00002'],
    ['TS 29.329 §6.3.2: a filler before the end', 'Tbcd', '51f500'],
    ['TS 29.329 §6.3.2: a letter among digits', 'Tbcd', '51a5'],
  ]
  for (const [rule, type, hex] of faults)
    test(`${rule} is a fault with a reason`, () => {
      assert.ok(isFault(readOf(type, hex)))
    })

  const refused: [Type, unknown][] = [
    ['Unsigned32', -1],
    ['Unsigned32', 2 ** 32],
    ['Unsigned32', 1.5],
    ['Enumerated', 2 ** 31],
    ['Tbcd', '+1555'],
    ['Time', new Date(Number.NaN)],
    ['Address', 'host.example'],
  ]
  for (const [type, value] of refused)
    test(`RFC 6733 §4: ${String(value)} is refused as ${type} before it is written`, () => {
      assert.throws(() => octetsOf(type, value), EncodeError)
    })

  test('RFC 6733 §4.3.1: IPv6 in all its spellings', () => {
    for (const [text, canonical] of [
      ['::', '::'],
      ['::1', '::1'],
      ['2001:DB8:0:0:1::1', '2001:db8::1:0:0:1'],
      ['::ffff:192.0.2.1', '::ffff:192.0.2.1'],
      ['fe80::1%eth0', 'fe80::1'],
    ] as const)
      assert.equal(readOf('Address', octetsOf('Address', text)), canonical)
  })
})
