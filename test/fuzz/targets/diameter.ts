import assert from 'node:assert/strict'
import {
  DiameterFramer,
  type DiameterMessage,
  decodeDiameter,
  describeDiameter,
  encodeDiameter,
  MESSAGES,
  nameOfMessage,
  type RequestName,
  readAnswer,
  readRequest,
  resultOf,
} from '@ipsmgw/diameter'
import type { FuzzTarget } from '../target.ts'
import { DIAMETER_MESSAGES, decodes } from './vectors.ts'

const HEADER_OCTETS = 20
const STREAMED = 8

/** RFC 6733 §3, §4: AVPs, groups, every command's fields, and the framer. */
export const diameter: FuzzTarget = {
  name: 'diameter',
  seeds: DIAMETER_MESSAGES,
  maximumOctets: 32_768,
  leastReadable: 0.1,
  repair(octets) {
    if (octets.length < HEADER_OCTETS) return octets
    const whole = octets.subarray(0, octets.length & ~3)
    whole[0] = 1
    whole.writeUIntBE(whole.length, 1, 3)
    return whole
  },
  read(octets, random) {
    if (random(STREAMED) === 0) readStream(octets, 1 + random(200))
    return decodes(octets, () => readAll(octets))
  },
}

function readAll(octets: Buffer): void {
  const message = decodeDiameter(octets)
  assert.deepEqual(withoutPlaces(decodeDiameter(encodeDiameter(message))), withoutPlaces(message))
  decodes(octets, () => describeDiameter(message))
  decodes(octets, () => resultOf(message))
  const name = nameOfMessage(message)
  if (name === undefined) return
  decodes(octets, () =>
    'answer' in MESSAGES[name] ? readRequest(name as RequestName, message) : readAnswer(name, message),
  )
}

/** What is kept of a message: all but places and the P flag of AVPs, which is sent as 0. */
function withoutPlaces({ avps, ...header }: DiameterMessage): object {
  return {
    ...header,
    avps: avps.map(({ code, vendorId, mandatory, data }) => [code, vendorId, mandatory, data]),
  }
}

function readStream(octets: Buffer, pieceOctets: number): void {
  const framer = new DiameterFramer({ message: (it) => decodes(it, () => readAll(it)), lost: () => {} })
  for (let at = 0; at < octets.length; at += pieceOctets) framer.push(octets.subarray(at, at + pieceOctets))
}
