import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ByteReader, ByteWriter, DecodeError, EncodeError, fromHex, toHex } from '@ipsmgw/bytes'
import { readAddress, toAlphanumeric, writeAddress } from './address.ts'
import { type Address, PROTOCOL } from './messages.ts'

const encode = (address: Address): string => {
  const writer = new ByteWriter()
  writeAddress(writer, address, 'TP-OA')
  return toHex(writer.finish())
}
const decode = (hex: string): Address => readAddress(new ByteReader(fromHex(hex), PROTOCOL), 'TP-OA')

const SEMI_OCTETS = [2, 4, 6, 7, 9, 11, 13, 14, 16, 18, 20]

for (const [index, semiOctets] of SEMI_OCTETS.entries()) {
  const text = 'AcmeService'.slice(0, index + 1)
  test(`TS 23.040 §9.1.2.5: ${text.length} characters are ${semiOctets} semi-octets and read back without a trailing @`, () => {
    const hex = encode({ kind: 'alphanumeric', text })
    assert.equal(Number.parseInt(hex.slice(0, 2), 16), semiOctets)
    assert.deepEqual(decode(hex), { kind: 'alphanumeric', text })
  })
}

const WRONG: readonly (readonly [what: string, hex: string, reason: string, offset: number])[] = [
  ['more than 20 semi-octets', '1591214365870921436587092143f5', 'overlength', 1],
  ['bit 7 of the type is 0', '021121', 'invalid', 1],
  ['a filler among the digits', '0491f132', 'invalid', 2],
  ['an odd number of digits without filler', '03912143', 'invalid', 4],
  ['an even number of digits with filler', '049121f3', 'invalid', 4],
  ['value missing', '0491', 'underflow', 2],
]

for (const [what, hex, reason, offset] of WRONG) {
  test(`TS 23.040 §9.1.2.5: ${what} is a DecodeError at octet ${offset}`, () => {
    assert.throws(
      () => decode(hex),
      (error) => {
        assert.ok(error instanceof DecodeError)
        assert.deepEqual([error.reason, error.offset], [reason, offset])
        assert.match(error.path, /^TP-OA/)
        return true
      },
    )
  })
}

const UNENCODABLE: readonly (readonly [what: string, address: Address])[] = [
  ['21 digits', { kind: 'numeric', ton: 1, npi: 1, digits: '1'.repeat(21) }],
  ['a plus sign', { kind: 'numeric', ton: 1, npi: 1, digits: '+44' }],
  ['digits under TON 5', { kind: 'numeric', ton: 5, npi: 0, digits: '44' }],
  ['12 characters', { kind: 'alphanumeric', text: 'x'.repeat(12) }],
  ['an extension character', { kind: 'alphanumeric', text: 'a€' }],
  ['a character outside the alphabet', { kind: 'alphanumeric', text: 'Ş' }],
]

for (const [what, address] of UNENCODABLE) {
  test(`TS 23.040 §9.1.2.5: ${what} cannot be encoded`, () => {
    assert.throws(() => encode(address), EncodeError)
  })
}

test('TS 23.040 §9.1.2.5: an unusual numbering plan of an alphanumeric address is kept', () => {
  const address = { kind: 'alphanumeric', text: 'ab', npi: 1 } as const
  assert.equal(encode(address), '04d16131')
  assert.deepEqual(decode('04d16131'), address)
})

const NAMES = [
  ['AcmeService', 'AcmeService'],
  ['Acme Services Ltd', 'Acme Servic'],
  ['Ayşe Öztürk', 'Ayse Öztürk'],
  ['{Bank} [24] | x', '(Bank) (24)'],
  ['Müller’s “Café”', 'Müller\'s "C'],
  ['Иван 7', '7'],
  ['😀', ''],
  ['e\u0301cole', 'école'],
  ['line\r\nbreak', 'line  break'],
] as const

for (const [name, shown] of NAMES) {
  test(`TP-OA from a name: ${JSON.stringify(name)} is shown as ${JSON.stringify(shown)}`, () => {
    assert.equal(toAlphanumeric(name), shown)
    assert.doesNotThrow(() => encode({ kind: 'alphanumeric', text: toAlphanumeric(name) }))
  })
}
