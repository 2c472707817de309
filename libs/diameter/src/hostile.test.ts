import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeDiameter, describeDiameter, encodeDiameter, nameOfMessage, readAnswer } from './index.ts'

const FAILED_AVP = 279
const HEADER_OCTETS = 20
const AVP_HEADER_OCTETS = 8

test('RFC 6733 §4.4: groups in groups to the bottom are described without end of the stack', () => {
  const depth = 8_000
  const octets = Buffer.alloc(HEADER_OCTETS + AVP_HEADER_OCTETS * depth)
  octets.writeUInt8(1, 0)
  octets.writeUIntBE(octets.length, 1, 3)
  octets.writeUIntBE(280, 5, 3)
  for (let i = 0; i < depth; i++) {
    octets.writeUInt32BE(FAILED_AVP, HEADER_OCTETS + AVP_HEADER_OCTETS * i)
    octets.writeUIntBE(AVP_HEADER_OCTETS * (depth - i), HEADER_OCTETS + AVP_HEADER_OCTETS * i + 5, 3)
  }
  const message = decodeDiameter(octets)
  assert.equal(message.avps.length, 1)
  assert.deepEqual(encodeDiameter(message), octets)
  assert.equal(nameOfMessage(message), 'DWA')
  assert.equal(typeof describeDiameter(message), 'object')
  readAnswer('DWA', message)
})
