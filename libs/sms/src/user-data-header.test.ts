import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ByteReader, DecodeError, EncodeError, fromHex } from '@ipsmgw/bytes'
import { PROTOCOL } from './messages.ts'
import { concatenationElement, interpretHeader, portsElement, readHeader } from './user-data-header.ts'

const read = (hex: string) => interpretHeader(readHeader(new ByteReader(fromHex(hex), PROTOCOL)))
const NONE = { lockingShift: 0, singleShift: 0 }

const READINGS = [
  ['an unknown element is skipped', '07 7002ffff 240103', { ...NONE, singleShift: 3 }],
  ['the last of a repeated element counts', '06 240101 240103', { ...NONE, singleShift: 3 }],
  [
    '8 bit then 16 bit reference: the last counts',
    '0b 00032a0201 0804123402 01',
    {
      ...NONE,
      concatenation: { bits: 16, reference: 0x1234, total: 2, sequence: 1 },
    },
  ],
  ['total 0 is ignored', '05 00032a0001', NONE],
  ['sequence 0 is ignored', '05 00032a0200', NONE],
  ['sequence above total is ignored', '05 00032a0203', NONE],
  [
    'a bad repetition does not undo a good element',
    '0a 00032a0201 00032a0200',
    {
      ...NONE,
      concatenation: { bits: 8, reference: 42, total: 2, sequence: 1 },
    },
  ],
  ['concatenation of a wrong length is ignored', '04 00022a02', NONE],
  ['16 bit concatenation of a wrong length is ignored', '05 08032a0201', NONE],
  ['a locking shift without a table is the default alphabet', '03 250102', NONE],
  ['a reserved language is the default alphabet', '06 24010e 2501ff', NONE],
  ['decimal 24 is no shift', '03 180101', NONE],
  ['8 bit ports', '04 0402e2f0', { ...NONE, ports: { bits: 8, destination: 226, originator: 240 } }],
  ['an empty header', '00', NONE],
] as const

for (const [what, hex, expected] of READINGS) {
  test(`TS 23.040 §9.2.3.24: ${what}`, () => {
    assert.deepEqual(read(hex), expected)
  })
}

test('TS 23.040 §9.2.3.24: elements may stand in any order', () => {
  const parts = ['250101', '240103', '00032a0201', '05040b8423f0']
  const expected = read(`11${parts.join('')}`)
  assert.equal(expected.lockingShift, 1)
  assert.equal(read(`11${parts.toReversed().join('')}`).concatenation?.reference, 42)
  assert.deepEqual(read(`11${parts.toReversed().join('')}`), expected)
})

test('TS 23.040 §9.2.3.24: an element past UDHL and a header past TP-UD are underflows', () => {
  assert.throws(() => read('04 00032a02'), { reason: 'underflow' })
  assert.throws(() => read('01 00'), { reason: 'underflow' })
  assert.throws(() => read('05 0003'), DecodeError)
})

test('TS 23.040 §9.2.3.24.1: numbers out of range cannot be encoded', () => {
  const good = { bits: 8, reference: 255, total: 255, sequence: 255 } as const
  assert.doesNotThrow(() => concatenationElement(good))
  for (const wrong of [
    { reference: 256 },
    { reference: -1 },
    { reference: 0.5 },
    { total: 256 },
    { sequence: 0 },
    { total: 254 },
  ])
    assert.throws(() => concatenationElement({ ...good, ...wrong }), EncodeError)
  assert.throws(() => portsElement({ bits: 8, destination: 256, originator: 0 }), EncodeError)
  assert.throws(() => portsElement({ bits: 16, destination: 0, originator: 65_536 }), EncodeError)
})
