import { ByteReader, ByteWriter, DecodeError } from '@ipsmgw/bytes'

/** Stream identifiers of the IPA multiplex. */
export const IpaStream = { sccp: 0xfd, ccm: 0xfe } as const

/** Messages of connection management (CCM). */
export const CcmType = { ping: 0, pong: 1, idRequest: 4, idResponse: 5, idAck: 6 } as const

/** Identity items; the unit name is the one that counts. */
export const IdentityTag = { unitName: 0x01 } as const

export interface IpaFrame {
  /** See `IpaStream`; frames of other streams are kept as they are. */
  readonly stream: number
  readonly payload: Buffer
}

const HEADER_OCTETS = 3
/** The length has 16 bits; a signalling message stays far below. */
const LONGEST_PAYLOAD_OCTETS = 0x2000

/** Length of the payload (16 bits), stream identifier, payload. */
export function encodeIpa(stream: number, payload: Uint8Array): Buffer {
  return new ByteWriter(HEADER_OCTETS + payload.length)
    .uint16(payload.length)
    .uint8(stream)
    .octets(payload)
    .finish()
}

/** Cuts a flow of octets into frames. A length that cannot be believed throws `DecodeError`. */
export class IpaFramer {
  #rest: Buffer = Buffer.alloc(0)

  push(octets: Buffer): IpaFrame[] {
    let flow = this.#rest.length === 0 ? octets : Buffer.concat([this.#rest, octets])
    const frames: IpaFrame[] = []
    while (flow.length >= HEADER_OCTETS) {
      const end = HEADER_OCTETS + payloadLength(flow)
      if (flow.length < end) break
      frames.push({ stream: flow[2] as number, payload: flow.subarray(HEADER_OCTETS, end) })
      flow = flow.subarray(end)
    }
    this.#rest = flow
    return frames
  }
}

function payloadLength(flow: Buffer): number {
  const length = flow.readUInt16BE(0)
  if (length > LONGEST_PAYLOAD_OCTETS)
    throw new DecodeError('IPA', 'length', 0, 'overlength', `${length} octets`)
  return length
}

/** Identity tags a CCM id request asks for: behind the type a list of length (of tag and value) and tag. */
export function decodeIdRequest(payload: Uint8Array): number[] {
  const reader = new ByteReader(payload, 'CCM')
  reader.skip(1, 'type')
  const tags: number[] = []
  while (reader.remaining > 0) {
    const length = reader.uint8('item.length')
    const item = reader.nested(length, 'item')
    tags.push(item.uint8('item.tag'))
  }
  return tags
}

/**
 * CCM id response with the unit name: length (16 bits, of tag and value), tag, zero terminated text. Other items are
 * left out; a real STP closes the connection over empty ones.
 */
export function encodeIdResponse(unitName: string): Buffer {
  const name = Buffer.from(unitName, 'latin1')
  return new ByteWriter(8 + name.length)
    .uint8(CcmType.idResponse)
    .uint16(name.length + 2)
    .uint8(IdentityTag.unitName)
    .octets(name)
    .uint8(0)
    .finish()
}
