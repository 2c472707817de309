import { ByteReader, ByteWriter, DecodeError } from '@ipsmgw/bytes'
import {
  ErrorCode,
  isKnownClass,
  type M3uaMessage,
  MESSAGES,
  type MessageName,
  messageName,
  type OutgoingMessage,
} from './messages.ts'
import { decodeParameters, encodeParameters, type ParameterName, type ProtocolData } from './parameters.ts'

export const M3UA_VERSION = 1
/** Version, reserved, class, type, length. */
export const COMMON_HEADER_OCTETS = 8
/** Longest message this library reads. */
export const LONGEST_MESSAGE_OCTETS = 0x10000

/**
 * Reads one message: common header (RFC 4666 §3.1) and parameters in any order. Up to three octets of padding
 * behind the length are tolerated (§3.1.4). Classes, types and parameters of the future are kept; a known message
 * without a mandatory parameter, a second copy of a single one and wrong lengths throw `DecodeError`.
 */
export function decodeM3ua(octets: Uint8Array): M3uaMessage {
  const header = new ByteReader(octets, 'M3UA')
  const version = header.uint8('version')
  if (version !== M3UA_VERSION)
    throw new DecodeError('M3UA', 'version', 0, 'unsupported', `version ${version}`)
  header.skip(1, 'reserved')
  const messageClass = header.uint8('messageClass')
  const messageType = header.uint8('messageType')
  const length = header.uint32('messageLength')
  if (length < COMMON_HEADER_OCTETS)
    throw new DecodeError('M3UA', 'messageLength', 4, 'invalid', `${length} octets`)
  const body = header.nested(length - COMMON_HEADER_OCTETS, 'parameters', LONGEST_MESSAGE_OCTETS)
  if (header.remaining > 3) header.end('message')
  const parameters = decodeParameters(body)
  const name = messageName(messageClass, messageType)
  if (name !== undefined) requireMandatory(name, parameters, body)
  return { name, messageClass, messageType, parameters }
}

function requireMandatory(
  name: MessageName,
  parameters: Readonly<Partial<Record<ParameterName, unknown>>>,
  body: ByteReader,
): void {
  const { mandatory } = MESSAGES[name]
  for (const it of mandatory) if (parameters[it] === undefined) body.fail(`${name}.${it}`, 'missing')
}

/** Writes one message with the parameters in the order of their keys. */
export function encodeM3ua(message: OutgoingMessage | M3uaMessage): Buffer {
  const { messageClass, messageType } =
    'messageClass' in message
      ? message
      : (MESSAGES[message.name] as { messageClass: number; messageType: number })
  const writer = new ByteWriter(64)
  writer.uint8(M3UA_VERSION).uint8(0).uint8(messageClass).uint8(messageType).uint32(0)
  encodeParameters(writer, message.parameters)
  writer.patchUint32(4, writer.length)
  return writer.finish()
}

const DATA_HEADER_OCTETS = 16 // tag and length of the parameter, routing label
const PARAMETER_OCTETS = 8 // a parameter of 32 bits

/**
 * DATA (RFC 4666 §3.3.1) in one allocation: network appearance, routing context, protocol data. The same octets as
 * `encodeM3ua`, for the path that carries the traffic.
 */
export function encodeData(
  label: ProtocolData,
  routingContext: number | undefined,
  networkAppearance: number | undefined,
): Buffer {
  const { data } = label
  const padded = (data.length + 3) & ~3
  const optional = (routingContext === undefined ? 0 : 1) + (networkAppearance === undefined ? 0 : 1)
  const length = COMMON_HEADER_OCTETS + optional * PARAMETER_OCTETS + DATA_HEADER_OCTETS + padded
  const octets = Buffer.allocUnsafe(length)
  octets.writeUInt32BE(0x01000101, 0)
  octets.writeUInt32BE(length, 4)
  let at = COMMON_HEADER_OCTETS
  if (networkAppearance !== undefined) at = writeUint32Parameter(octets, at, 0x0200, networkAppearance)
  if (routingContext !== undefined) at = writeUint32Parameter(octets, at, 0x0006, routingContext)
  octets.writeUInt16BE(0x0210, at)
  octets.writeUInt16BE(DATA_HEADER_OCTETS + data.length, at + 2)
  octets.writeUInt32BE(label.opc, at + 4)
  octets.writeUInt32BE(label.dpc, at + 8)
  octets[at + 12] = label.si
  octets[at + 13] = label.ni
  octets[at + 14] = label.mp
  octets[at + 15] = label.sls
  octets.set(data, at + DATA_HEADER_OCTETS)
  octets.fill(0, at + DATA_HEADER_OCTETS + data.length)
  return octets
}

function writeUint32Parameter(octets: Buffer, at: number, tag: number, value: number): number {
  octets.writeUInt32BE(tag * 0x10000 + PARAMETER_OCTETS, at)
  return octets.writeUInt32BE(value, at + 4)
}

/** The error code (RFC 4666 §3.8.1) that tells the peer what was wrong with its octets. */
export function errorCodeOf(error: DecodeError): ErrorCode {
  if (error.path === 'version') return ErrorCode.invalidVersion
  if (error.reason === 'missing') return ErrorCode.missingParameter
  if (error.reason === 'underflow' || error.reason === 'overlength' || error.reason === 'trailing')
    return ErrorCode.parameterFieldError
  return error.reason === 'invalid' ? ErrorCode.invalidParameterValue : ErrorCode.protocolError
}

/** The error code for a message whose class or type is unknown. */
export function errorCodeOfUnknown(messageClass: number): ErrorCode {
  return isKnownClass(messageClass) ? ErrorCode.unsupportedMessageType : ErrorCode.unsupportedMessageClass
}
