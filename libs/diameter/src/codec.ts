import { ByteWriter, DecodeError } from '@ipsmgw/bytes'
import { nameOfAvp } from './dictionary/lookup.ts'
import { ResultCode } from './dictionary/results.ts'
import { AvpError, PROTOCOL } from './errors.ts'
import type { Avp, DiameterHeader, DiameterMessage } from './messages.ts'

export const DIAMETER_VERSION = 1
export const HEADER_OCTETS = 20
/** Longest message read unless configured otherwise. */
export const LONGEST_MESSAGE_OCTETS = 0x10000

const FLAG_REQUEST = 0x80
const FLAG_PROXIABLE = 0x40
const FLAG_ERROR = 0x20
const FLAG_RETRANSMITTED = 0x10

const AVP_VENDOR = 0x80
const AVP_MANDATORY = 0x40
const AVP_PROTECTED = 0x20
const AVP_HEADER_OCTETS = 8
const AVP_VENDOR_HEADER_OCTETS = 12

/** Where the changing parts of an encoded message are: the flags, and the hop-by-hop identifier. */
const FLAGS_OFFSET = 4
const HOP_BY_HOP_OFFSET = 12
const END_TO_END_OFFSET = 16

/**
 * Header (RFC 6733 §3): version (1), length (3), flags R P E T (1), command code (3), application (4), hop-by-hop
 * identifier (4), end-to-end identifier (4). Throws `DecodeError`; the length is checked by who frames.
 */
export function decodeHeader(octets: Buffer): DiameterHeader {
  if (octets.length < HEADER_OCTETS)
    throw new DecodeError(PROTOCOL, 'header', 0, 'underflow', `${octets.length} of ${HEADER_OCTETS} octets`)
  const flags = octets.readUInt8(FLAGS_OFFSET)
  return {
    request: (flags & FLAG_REQUEST) !== 0,
    proxiable: (flags & FLAG_PROXIABLE) !== 0,
    error: (flags & FLAG_ERROR) !== 0,
    retransmitted: (flags & FLAG_RETRANSMITTED) !== 0,
    commandCode: octets.readUIntBE(5, 3),
    applicationId: octets.readUInt32BE(8),
    hopByHopId: octets.readUInt32BE(HOP_BY_HOP_OFFSET),
    endToEndId: octets.readUInt32BE(END_TO_END_OFFSET),
  }
}

/** Checks version and length (RFC 6733 §3); throws `DecodeError` with path `version` or `length`. */
export function checkedLength(octets: Buffer, offset: number, maximumOctets: number): number {
  const version = octets.readUInt8(offset)
  if (version !== DIAMETER_VERSION)
    throw new DecodeError(PROTOCOL, 'version', 0, 'unsupported', `version ${version}`)
  const length = octets.readUIntBE(offset + 1, 3)
  if (length < HEADER_OCTETS || length % 4 !== 0)
    throw new DecodeError(PROTOCOL, 'length', 1, 'invalid', `${length} octets`)
  if (length > maximumOctets)
    throw new DecodeError(PROTOCOL, 'length', 1, 'overlength', `${length} octets, at most ${maximumOctets}`)
  return length
}

/** Reads exactly one message; its AVPs are split, not interpreted. Throws `DecodeError`. */
export function decodeDiameter(
  octets: Buffer,
  maximumOctets: number = LONGEST_MESSAGE_OCTETS,
): DiameterMessage {
  const header = decodeHeader(octets)
  const length = checkedLength(octets, 0, maximumOctets)
  if (length !== octets.length)
    throw new DecodeError(
      PROTOCOL,
      'length',
      1,
      length > octets.length ? 'underflow' : 'trailing',
      `${length} octets announced, ${octets.length} there`,
    )
  return { ...header, avps: decodeAvps(octets, HEADER_OCTETS, '', 0) }
}

/**
 * AVPs one after the other (RFC 6733 §4.1): code (4), flags V M P (1), length of header and data (3), Vendor-ID (4,
 * with V), data, zero padding to a multiple of 4. `base` is the message's offset of the first octet, `path` names
 * the group. They are added to `avps`, so that those before a fault can be answered. The last AVP of a group may
 * lack its padding. Throws `AvpError`.
 */
export function splitAvps(octets: Buffer, start: number, path: string, base: number, avps: Avp[]): void {
  const end = octets.length
  for (let at = start; at < end; ) {
    if (end - at < AVP_HEADER_OCTETS) throw lengthError(octets, at, base, path, 'underflow', 'no AVP header')
    const code = uint32(octets, at)
    const flags = octets[at + 4] as number
    const length = uint32(octets, at + 4) & 0xffffff
    const vendor = (flags & AVP_VENDOR) !== 0
    const headerOctets = vendor ? AVP_VENDOR_HEADER_OCTETS : AVP_HEADER_OCTETS
    if (length < headerOctets)
      throw lengthError(octets, at, base, path, 'invalid', `AVP length ${length} below its header`)
    if (length > end - at)
      throw lengthError(octets, at, base, path, 'overlength', `AVP length ${length}, ${end - at} octets left`)
    const avp = {
      code,
      vendorId: vendor ? uint32(octets, at + 8) : 0,
      mandatory: (flags & AVP_MANDATORY) !== 0,
      data: octets.subarray(at + headerOctets, at + length),
      offset: base + at,
    }
    avps.push((flags & AVP_PROTECTED) === 0 ? avp : { ...avp, protected: true })
    at += (length + 3) & ~3
  }
}

/** Four octets whose presence has been checked: a checked read costs more than the rest of the loop. */
function uint32(octets: Buffer, at: number): number {
  return (
    (((octets[at] as number) << 24) |
      ((octets[at + 1] as number) << 16) |
      ((octets[at + 2] as number) << 8) |
      (octets[at + 3] as number)) >>>
    0
  )
}

/** As `splitAvps`, into a new list. */
export function decodeAvps(octets: Buffer, start = 0, path = '', base = 0): Avp[] {
  const avps: Avp[] = []
  splitAvps(octets, start, path, base, avps)
  return avps
}

/** The members of a grouped AVP. Throws `AvpError`. */
export function decodeGroup(avp: Avp, path: string): Avp[] {
  const headerOctets = avp.vendorId === 0 ? AVP_HEADER_OCTETS : AVP_VENDOR_HEADER_OCTETS
  return decodeAvps(avp.data, 0, path, (avp.offset ?? -headerOctets) + headerOctets)
}

function lengthError(
  octets: Buffer,
  at: number,
  base: number,
  path: string,
  reason: 'underflow' | 'invalid' | 'overlength',
  detail: string,
): AvpError {
  const left = octets.length - at
  const flags = left > 4 ? octets.readUInt8(at + 4) : 0
  const code = left >= 4 ? octets.readUInt32BE(at) : 0
  const vendorId = (flags & AVP_VENDOR) !== 0 && left >= 12 ? octets.readUInt32BE(at + 8) : 0
  const name = nameOfAvp(code, vendorId)
  return new AvpError(path === '' ? name : `${path}.${name}`, base + at, reason, {
    resultCode: ResultCode.INVALID_AVP_LENGTH,
    failedAvp: { code, vendorId, mandatory: (flags & AVP_MANDATORY) !== 0, data: EMPTY },
    detail,
  })
}

const EMPTY = Buffer.alloc(0)

/** Writes a message with its AVPs in the order given. */
export function encodeDiameter(message: DiameterMessage): Buffer {
  const writer = new ByteWriter(512)
  writeHeader(writer, message)
  for (const avp of message.avps) writeAvp(writer, avp)
  return finishMessage(writer)
}

/** The header with room for the length. */
export function writeHeader(writer: ByteWriter, header: DiameterHeader): void {
  const flags =
    (header.request ? FLAG_REQUEST : 0) |
    (header.proxiable ? FLAG_PROXIABLE : 0) |
    (header.error ? FLAG_ERROR : 0) |
    (header.retransmitted ? FLAG_RETRANSMITTED : 0)
  writer
    .uint32(DIAMETER_VERSION << 24)
    .uint32(((flags << 24) | header.commandCode) >>> 0)
    .uint32(header.applicationId)
    .uint32(header.hopByHopId)
    .uint32(header.endToEndId)
}

/** Sets the length and gives the octets. */
export function finishMessage(writer: ByteWriter): Buffer {
  writer.patchUint24(1, writer.length)
  return writer.finish()
}

export function writeAvp(writer: ByteWriter, avp: Avp): void {
  const start = beginAvp(writer, avp.code, avp.vendorId, avp.mandatory)
  writer.octets(avp.data)
  endAvp(writer, start)
}

/** AVPs one after the other: the payload of a group. */
export function encodeAvps(avps: readonly Avp[]): Buffer {
  const writer = new ByteWriter(64)
  for (const avp of avps) writeAvp(writer, avp)
  return writer.finish()
}

/** AVP header with room for the length; gives the position for `endAvp`. */
export function beginAvp(writer: ByteWriter, code: number, vendorId: number, mandatory: boolean): number {
  const start = writer.length
  const flags = (vendorId === 0 ? 0 : AVP_VENDOR) | (mandatory ? AVP_MANDATORY : 0)
  writer.uint32(code).uint32((flags << 24) >>> 0)
  if (vendorId !== 0) writer.uint32(vendorId)
  return start
}

export function endAvp(writer: ByteWriter, start: number): void {
  const length = writer.length - start
  writer.patchUint24(start + 5, length)
  const padding = -length & 3
  if (padding > 0) writer.zeros(padding)
}

/** An encoded request made ready for one connection: its hop-by-hop identifier, and the T flag when sent again. */
export function stampRequest(octets: Buffer, hopByHopId: number, retransmitted: boolean): void {
  octets.writeUInt32BE(hopByHopId, HOP_BY_HOP_OFFSET)
  const flags = octets.readUInt8(FLAGS_OFFSET)
  octets[FLAGS_OFFSET] = retransmitted ? flags | FLAG_RETRANSMITTED : flags & ~FLAG_RETRANSMITTED
}

/** Gives an encoded request a new end-to-end identifier: it becomes another request. */
export function renewRequest(octets: Buffer, endToEndId: number): void {
  octets.writeUInt32BE(endToEndId, END_TO_END_OFFSET)
}
