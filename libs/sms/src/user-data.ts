import { type ByteReader, type ByteWriter, DecodeError, EncodeError } from '@ipsmgw/bytes'
import { alphabetOf } from './data-coding.ts'
import { decodeGsm7, encodeGsm7 } from './gsm7/alphabet.ts'
import { fillBitsAfter, packedOctets, packSeptets, septetsOfHeader, unpackSeptets } from './gsm7/packing.ts'
import { type Content, PROTOCOL, type UserData } from './messages.ts'
import { headerOctets, interpretHeader, readHeader, writeHeader } from './user-data-header.ts'

/** Octets of TP-UD in a message that is delivered (TS 23.040 §9.2.3.24). */
export const MAX_USER_DATA_OCTETS = 140

/**
 * TP-UDL (1; septets for the 7 bit alphabet, else octets, header included) and TP-UD: header with its length,
 * fill bits to the next septet, content. Throws `EncodeError` when content and TP-DCS differ or do not fit.
 */
export function writeUserData(
  writer: ByteWriter,
  userData: UserData,
  dcs: number,
  maximumOctets: number,
): void {
  const { header, content } = userData
  if (alphabetOf(dcs) !== content.alphabet)
    throw new EncodeError(PROTOCOL, 'TP-UD', `${content.alphabet} content under TP-DCS 0x${dcs.toString(16)}`)
  if (content.alphabet === 'gsm7') {
    writeSeptets(writer, userData, septetsOf(userData), maximumOctets)
    return
  }
  const octets = content.alphabet === 'ucs2' ? toUtf16BigEndian(content.text) : content.octets
  const length = headerOctets(header) + octets.length
  checkLength(length, maximumOctets)
  writer.uint8(length)
  if (header !== undefined) writeHeader(writer, header)
  writer.octets(octets)
}

/** Reads TP-UDL and TP-UD. Octets fewer or more than TP-UDL says are `underflow` and left to the caller. */
export function readUserData(
  reader: ByteReader,
  hasHeader: boolean,
  dcs: number,
  maximumOctets: number,
): UserData {
  const isGsm7 = alphabetOf(dcs) === 'gsm7'
  const lengthOffset = reader.offset
  const length = reader.uint8('TP-UDL')
  const octets = isGsm7 ? packedOctets(length) : length
  if (octets > maximumOctets)
    throw fault('TP-UDL', lengthOffset, 'overlength', `${octets} octets, at most ${maximumOctets}`)
  const inner = reader.nested(octets, 'TP-UD')
  const header = hasHeader ? readHeader(inner) : undefined
  const content = isGsm7
    ? readSeptets(inner, length, header === undefined ? undefined : inner.position, header)
    : readOctets(inner, dcs)
  return header === undefined ? { content } : { header, content }
}

/** UTF-16 code units, most significant octet first. */
export function toUtf16BigEndian(text: string): Buffer {
  const octets = Buffer.allocUnsafe(text.length * 2)
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    octets[i * 2] = unit >> 8
    octets[i * 2 + 1] = unit & 0xff
  }
  return octets
}

function septetsOf({ header, content }: UserData): Uint8Array {
  if (content.alphabet !== 'gsm7') throw new EncodeError(PROTOCOL, 'TP-UD', 'no 7 bit content')
  if (content.septets !== undefined) return content.septets
  const { lockingShift, singleShift } = interpretHeader(header)
  const septets = encodeGsm7(content.text, lockingShift, singleShift)
  if (septets === undefined)
    throw new EncodeError(PROTOCOL, 'TP-UD', 'a character that the announced tables do not have')
  return septets
}

function writeSeptets(
  writer: ByteWriter,
  { header }: UserData,
  septets: Uint8Array,
  maximumOctets: number,
): void {
  const inHeader = headerOctets(header)
  const fillBits = fillBitsAfter(inHeader)
  const textOctets = packedOctets(septets.length, fillBits)
  checkLength(inHeader + textOctets, maximumOctets)
  writer.uint8(septetsOfHeader(inHeader) + septets.length)
  if (header !== undefined) writeHeader(writer, header)
  const packed = Buffer.allocUnsafe(textOctets)
  packSeptets(septets, packed, 0, fillBits)
  writer.octets(packed)
}

function readSeptets(
  inner: ByteReader,
  lengthSeptets: number,
  octetsOfHeader: number | undefined,
  header: UserData['header'],
): Content {
  const used = octetsOfHeader ?? 0
  const count = lengthSeptets - septetsOfHeader(used)
  if (count < 0) inner.fail('TP-UDL', 'invalid', 'the header is longer than TP-UDL')
  const septets = unpackSeptets(inner.rest(), count, fillBitsAfter(used))
  const { lockingShift, singleShift } = interpretHeader(header)
  return { alphabet: 'gsm7', text: decodeGsm7(septets, lockingShift, singleShift), septets }
}

function readOctets(inner: ByteReader, dcs: number): Content {
  const offset = inner.offset
  const octets = inner.rest()
  if (alphabetOf(dcs) === 'data') return { alphabet: 'data', octets: Buffer.from(octets) }
  if (octets.length % 2 === 1)
    throw fault('TP-UD', offset + octets.length - 1, 'invalid', 'half a UCS2 character')
  return { alphabet: 'ucs2', text: Buffer.from(octets).swap16().toString('utf16le') }
}

function checkLength(octets: number, maximumOctets: number): void {
  if (octets > maximumOctets)
    throw new EncodeError(PROTOCOL, 'TP-UD', `${octets} octets, at most ${maximumOctets}`)
}

function fault(path: string, offset: number, reason: 'overlength' | 'invalid', detail: string): DecodeError {
  return new DecodeError(PROTOCOL, path, offset, reason, detail)
}
