import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DecodeError, fromHex, toHex } from '@ipsmgw/bytes'
import { decodeM3ua, ErrorCode, encodeM3ua, errorCodeOf, errorCodeOfUnknown } from './index.ts'

/** Runs the decoder on octets that must not decode. */
function fault(hex: string): DecodeError {
  try {
    decodeM3ua(fromHex(hex))
  } catch (error) {
    if (error instanceof DecodeError) return error
    throw error
  }
  return assert.fail('it decoded')
}

test('RFC 4666 §3.2: an unknown parameter is kept and comes back in its place', () => {
  const hex = '01000301 00000018 0011 0008 00000007 beef 0006 0102 0000'
  const message = decodeM3ua(fromHex(hex))
  assert.deepEqual(message.parameters, {
    aspIdentifier: 7,
    unknown: [{ tag: 0xbeef, value: fromHex('0102') }],
  })
  assert.equal(toHex(encodeM3ua(message)), hex.replaceAll(' ', ''))
})

test('RFC 4666 §3.1.4: a last parameter without its padding, counted or not, is accepted', () => {
  for (const hex of [
    '01000303 00000011 0009 0009 68622d3031',
    '01000303 00000011 0009 0009 68622d3031 000000',
    '01000303 00000014 0009 0009 68622d3031 000000',
  ])
    assert.deepEqual(decodeM3ua(fromHex(hex)).parameters.heartbeatData, fromHex('68622d3031'))
})

test('RFC 4666 §3.1.2: a class or type of the future decodes without a name', () => {
  const message = decodeM3ua(fromHex('01000c01 00000008'))
  assert.deepEqual([message.name, message.messageClass, message.messageType], [undefined, 12, 1])
  assert.equal(errorCodeOfUnknown(12), ErrorCode.unsupportedMessageClass)
  assert.equal(errorCodeOfUnknown(3), ErrorCode.unsupportedMessageType)
})

const bad: [title: string, hex: string, path: string, offset: number, reason: string, code: number][] = [
  ['version 2', '02000301 00000008', 'version', 0, 'unsupported', 0x01],
  ['a length below the header', '01000301 00000007', 'messageLength', 4, 'invalid', 0x11],
  ['a length past the end', '01000301 00000010 00110008', 'parameters', 8, 'underflow', 0x12],
  ['an enormous length', '01000301 ffffffff', 'parameters', 8, 'overlength', 0x12],
  ['octets behind the message', '01000301 00000008 00000000', 'message', 8, 'trailing', 0x12],
  ['a parameter length below its header', '01000301 0000000c 0011 0003', 'length', 12, 'invalid', 0x11],
  ['a parameter past the message', '01000301 0000000c 0011 0008', 'aspIdentifier', 12, 'underflow', 0x12],
  ['an ASP id of 2 octets', '01000301 0000000e 0011 0006 0007', 'aspIdentifier.value', 12, 'underflow', 0x12],
  [
    'an ASP id of 5 octets',
    '01000301 00000011 0011 0009 0000000700',
    'aspIdentifier.value',
    16,
    'trailing',
    0x12,
  ],
  ['an empty routing context', '01000401 0000000c 0006 0004', 'routingContexts.value', 12, 'underflow', 0x12],
  [
    'two traffic modes',
    '01000401 00000018 000b0008 00000002 000b0008 00000002',
    'trafficMode',
    24,
    'duplicate',
    7,
  ],
  ['DATA without data', '01000101 00000010 00060008 00000064', 'DATA.protocolData', 16, 'missing', 0x16],
  [
    'an info string of 256 octets',
    `01000301 0000010c 0004 0104 ${'61'.repeat(256)}`,
    'infoString.text',
    12,
    'overlength',
    0x12,
  ],
]

for (const [title, hex, path, offset, reason, code] of bad) {
  test(`RFC 4666 §3.8.1: ${title} is a DecodeError with its place and its error code`, () => {
    const error = fault(hex)
    assert.deepEqual([error.path, error.offset, error.reason], [path, offset, reason])
    assert.equal(errorCodeOf(error), code)
  })
}
