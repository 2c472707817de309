import { ByteReader, DecodeError } from '@ipsmgw/bytes'
import { COMMON_HEADER_OCTETS, LONGEST_MESSAGE_OCTETS } from './codec.ts'

/**
 * Cuts a flow of octets into messages by the length in the common header (RFC 4666 §3.1.4). Works for TCP and for SCTP,
 * where a read may hold part of a message. A length that cannot be believed throws `DecodeError`: the flow has lost
 * its frame and must be closed.
 */
export class M3uaFramer {
  #rest: Buffer = Buffer.alloc(0)

  /** Whole messages in order, as views of what was pushed. */
  push(octets: Buffer): Buffer[] {
    let flow = this.#rest.length === 0 ? octets : Buffer.concat([this.#rest, octets])
    const messages: Buffer[] = []
    while (flow.length >= COMMON_HEADER_OCTETS) {
      const length = messageLength(flow)
      if (flow.length < length) break
      messages.push(flow.subarray(0, length))
      flow = flow.subarray(length)
    }
    this.#rest = flow
    return messages
  }
}

function messageLength(flow: Buffer): number {
  const length = flow.readUInt32BE(4)
  if (length < COMMON_HEADER_OCTETS)
    new ByteReader(flow, 'M3UA').fail('messageLength', 'invalid', `${length} octets`)
  if (length > LONGEST_MESSAGE_OCTETS)
    throw new DecodeError('M3UA', 'messageLength', 4, 'overlength', `${length} octets`)
  return length
}
