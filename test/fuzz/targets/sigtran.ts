import assert from 'node:assert/strict'
import { EncodeError } from '@ipsmgw/bytes'
import { decodeM3ua, encodeM3ua, M3uaFramer } from '@ipsmgw/m3ua'
import { decodeManagement, decodeSccp, encodeSccp } from '@ipsmgw/sccp'
import { decodeTcap, encodeTcap, type ReceivedMessage, readHead, type TcapMessage } from '@ipsmgw/tcap'
import type { FuzzTarget } from '../target.ts'
import { decodes, M3UA_MESSAGES, SCCP_MESSAGES, TCAP_MESSAGES } from './vectors.ts'

const LENGTH_OFFSET = 4

/** RFC 4666 §3: a message encodes again to the same parameters; streams are cut into whole messages. */
export const m3ua: FuzzTarget = {
  name: 'm3ua',
  seeds: M3UA_MESSAGES,
  maximumOctets: 8_192,
  leastReadable: 0.05,
  repair(octets) {
    if (octets.length >= LENGTH_OFFSET + 4) octets.writeUInt32BE(octets.length, LENGTH_OFFSET)
    return octets
  },
  read(octets, random) {
    const at = random(octets.length)
    decodes(octets, () => {
      const framer = new M3uaFramer()
      for (const piece of [octets.subarray(0, at), octets.subarray(at)])
        for (const it of framer.push(piece)) assert.equal(it.readUInt32BE(LENGTH_OFFSET), it.length)
    })
    return decodes(octets, () => {
      const message = decodeM3ua(octets)
      assert.deepEqual(decodeM3ua(encodeM3ua(message)).parameters, message.parameters)
    })
  },
}

/** Q.713: pointers, addresses, global titles; management messages in any octets. */
export const sccp: FuzzTarget = {
  name: 'sccp',
  seeds: SCCP_MESSAGES,
  maximumOctets: 4_096,
  leastReadable: 0.05,
  read(octets) {
    decodes(octets, () => decodeManagement(octets))
    return decodes(octets, () => checkSccp(octets))
  },
}

function checkSccp(octets: Buffer): void {
  const message = decodeSccp(octets)
  try {
    const again = decodeSccp(encodeSccp(message))
    assert.deepEqual(Buffer.from(again.data), Buffer.from(message.data))
    assert.ok(again.called.equals(message.called) && again.calling.equals(message.calling))
  } catch (error) {
    // Parts that overlap do not fit one behind the other.
    if (!(error instanceof EncodeError)) throw error
  }
}

/** Q.773 §3: dialogue portions and components in BER; a message without malformed ones encodes again. */
export const tcap: FuzzTarget = {
  name: 'tcap',
  seeds: TCAP_MESSAGES,
  maximumOctets: 4_096,
  leastReadable: 0.05,
  read(octets) {
    readHead(octets)
    return decodes(octets, () => {
      const message = decodeTcap(octets)
      if (isReadable(message)) assert.deepEqual(decodeTcap(encodeTcap(message)), message)
    })
  },
}

function isReadable(message: ReceivedMessage): message is TcapMessage {
  return message.type === 'abort' || message.components.every(({ kind }) => kind !== 'malformed')
}
