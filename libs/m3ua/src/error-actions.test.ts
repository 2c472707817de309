import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ErrorCode, errorAction, errorName } from './index.ts'

/** RFC 4666 §3.8.1, written from the standard: code, name, whom it concerns. */
const ROWS: [code: number, name: string, action: string][] = [
  [0x01, 'invalidVersion', 'asp'],
  [0x03, 'unsupportedMessageClass', 'report'],
  [0x04, 'unsupportedMessageType', 'report'],
  [0x05, 'unsupportedTrafficMode', 'traffic'],
  [0x06, 'unexpectedMessage', 'report'],
  [0x07, 'protocolError', 'report'],
  [0x09, 'invalidStreamIdentifier', 'report'],
  [0x0d, 'refusedManagementBlocking', 'blocking'],
  [0x0e, 'aspIdentifierRequired', 'asp'],
  [0x0f, 'invalidAspIdentifier', 'asp'],
  [0x11, 'invalidParameterValue', 'report'],
  [0x12, 'parameterFieldError', 'report'],
  [0x13, 'unexpectedParameter', 'report'],
  [0x14, 'destinationStatusUnknown', 'destination'],
  [0x15, 'invalidNetworkAppearance', 'traffic'],
  [0x16, 'missingParameter', 'report'],
  [0x19, 'invalidRoutingContext', 'traffic'],
  [0x1a, 'noConfiguredAs', 'traffic'],
]

for (const [code, name, action] of ROWS)
  test(`RFC 4666 §3.8.1: error 0x${code.toString(16)} is ${name} and concerns: ${action}`, () =>
    assert.deepEqual([errorName(code), errorAction(code)], [name, action]))

test('RFC 4666 §3.8.1: no code is missing here', () => {
  assert.deepEqual(
    ROWS.map(([code]) => code),
    Object.values(ErrorCode),
  )
})

test('RFC 4666 §3.8.1: a code of the future is only reported', () => {
  assert.deepEqual([errorName(0x55), errorAction(0x55)], [undefined, 'report'])
})
