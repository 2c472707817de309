import { ByteReader, DecodeError, decodeWithin, EncodeError } from '@ipsmgw/bytes'
import { SccpAddress } from './address.ts'
import {
  OptionalParameter,
  type RawParameter,
  type SccpMessage,
  SccpMessageType,
  type Segmentation,
} from './messages.ts'

/** Where the parts of one message type stand. */
interface Layout {
  readonly type: SccpMessage['type']
  /** Whether the octet behind the type is a return cause, not a protocol class. */
  readonly service: boolean
  readonly hopCounter: boolean
  readonly pointerOctets: 1 | 2
}

const layout = (type: SccpMessage['type'], service: boolean, hopCounter: boolean, pointerOctets: 1 | 2) =>
  ({ type, service, hopCounter, pointerOctets }) satisfies Layout

const LAYOUTS: Readonly<Record<SccpMessageType, Layout>> = {
  UDT: layout('UDT', false, false, 1),
  UDTS: layout('UDTS', true, false, 1),
  XUDT: layout('XUDT', false, true, 1),
  XUDTS: layout('XUDTS', true, true, 1),
  LUDT: layout('LUDT', false, true, 2),
  LUDTS: layout('LUDTS', true, true, 2),
}
const LAYOUT_OF: readonly (Layout | undefined)[] = Array.from({ length: 256 }, (_, code) =>
  Object.values(LAYOUTS).find(({ type }) => SccpMessageType[type] === code),
)

const RETURN_ON_ERROR = 0x80
const LONGEST_SHORT_DATA = 255
const LONGEST_LONG_DATA = 3952
/** Optional parameters a message may hold before it counts as hostile. */
const MOST_OPTIONAL = 32

/**
 * Reads a connectionless message (Q.713 §2, §4). Pointers are followed wherever they lead inside the message;
 * `data` is a view of the input. Unknown optional parameters are kept.
 */
export function decodeSccp(octets: Uint8Array): SccpMessage {
  const reader = new ByteReader(octets, 'SCCP')
  const code = reader.uint8('messageType')
  const layout = LAYOUT_OF[code]
  if (layout === undefined) throw new DecodeError('SCCP', 'messageType', 0, 'unsupported', `type ${code}`)
  return decodeWithin(layout.type, 0, () => decodeParts(reader, octets, layout))
}

function decodeParts(reader: ByteReader, octets: Uint8Array, layout: Layout): SccpMessage {
  const { type, pointerOctets } = layout
  const classOrCause = reader.uint8(layout.service ? 'returnCause' : 'protocolClass')
  if (!layout.service && (classOrCause & 0xf) > 1)
    throw new DecodeError('SCCP', 'protocolClass', 1, 'invalid', `class ${classOrCause & 0xf}`)
  const hopCounter = layout.hopCounter ? reader.uint8('hopCounter') : undefined
  const called = pointer(reader, pointerOctets, 'calledParty')
  const calling = pointer(reader, pointerOctets, 'callingParty')
  const data = pointer(reader, pointerOctets, 'data')
  const optional = layout.hopCounter ? pointer(reader, pointerOctets, 'optionalPart') : undefined
  const common = {
    ...(hopCounter !== undefined && { hopCounter }),
    called: readAddress(octets, called, 'calledParty'),
    calling: readAddress(octets, calling, 'callingParty'),
    data: readVariable(octets, data, pointerOctets, 'data'),
    ...(optional !== undefined && decodeOptional(octets, optional)),
  }
  return layout.service
    ? { type: type as 'UDTS', returnCause: classOrCause, ...common }
    : {
        type: type as 'UDT',
        protocolClass: (classOrCause & 0xf) as 0 | 1,
        returnOnError: classOrCause >= RETURN_ON_ERROR,
        ...common,
      }
}

/** Position a pointer leads to; undefined for 0. Counted from the pointer's last octet (Q.713 §2.3). */
function pointer(reader: ByteReader, pointerOctets: 1 | 2, field: string): number | undefined {
  const low = reader.uint8(`${field}.pointer`)
  const value = pointerOctets === 1 ? low : low | (reader.uint8(`${field}.pointer`) << 8)
  return value === 0 ? undefined : reader.position - 1 + value
}

function readVariable(
  octets: Uint8Array,
  at: number | undefined,
  lengthOctets: 1 | 2,
  field: string,
): Uint8Array {
  if (at === undefined) throw new DecodeError('SCCP', field, 0, 'missing', 'its pointer is 0')
  const start = at + lengthOctets
  if (start > octets.length)
    throw new DecodeError(
      'SCCP',
      field,
      Math.min(at, octets.length),
      'underflow',
      'past the end of the message',
    )
  const low = octets[at] as number
  const length = lengthOctets === 1 ? low : low | ((octets[at + 1] as number) << 8)
  if (start + length > octets.length)
    throw new DecodeError('SCCP', field, at, 'underflow', `${length} octets, ${octets.length - start} left`)
  return octets.subarray(start, start + length)
}

function readAddress(octets: Uint8Array, at: number | undefined, field: string): SccpAddress {
  const value = readVariable(octets, at, 1, field)
  return decodeWithin(field, 0, () => SccpAddress.decode(value, value.byteOffset - octets.byteOffset))
}

interface OptionalPart {
  segmentation?: Segmentation
  importance?: number
  unknown?: RawParameter[]
}

function decodeOptional(octets: Uint8Array, at: number): OptionalPart {
  if (at >= octets.length)
    throw new DecodeError('SCCP', 'optionalPart', octets.length, 'underflow', 'past the end of the message')
  const reader = new ByteReader(octets.subarray(at), 'SCCP', at)
  const part: OptionalPart = {}
  for (let count = 0; ; count++) {
    const name = reader.uint8('optionalPart.name')
    if (name === OptionalParameter.endOfOptional) return part
    if (count === MOST_OPTIONAL) reader.fail('optionalPart', 'overlength', `more than ${MOST_OPTIONAL}`)
    const value = reader.nested(reader.uint8('optionalPart.length'), 'optionalPart.value')
    if (name === OptionalParameter.segmentation) part.segmentation = readSegmentation(value)
    else if (name === OptionalParameter.importance) part.importance = readImportance(value)
    else {
      part.unknown ??= []
      part.unknown.push({ name, value: value.rest() })
    }
  }
}

function readSegmentation(reader: ByteReader): Segmentation {
  const flags = reader.uint8('segmentation')
  const localReference = reader.uint24('segmentation.localReference')
  reader.end('segmentation')
  return {
    first: flags >= 0x80,
    userClass: flags & 0x40 ? 1 : 0,
    remaining: flags & 0xf,
    localReference,
  }
}

function readImportance(reader: ByteReader): number {
  const value = reader.uint8('importance') & 0x7
  reader.end('importance')
  return value
}

/** Writes a message: fixed part, pointers, called, calling, data, optional part. Throws `EncodeError`. */
export function encodeSccp(message: SccpMessage): Buffer {
  const { type, called, calling, data } = message
  const { pointerOctets, hopCounter } = LAYOUTS[type]
  if (data.length > (pointerOctets === 1 ? LONGEST_SHORT_DATA : LONGEST_LONG_DATA))
    throw new EncodeError('SCCP', 'data', `${data.length} octets in ${type}`)
  const optional = hopCounter ? encodeOptional(message) : undefined
  const pointersAt = hopCounter ? 3 : 2
  const calledAt = pointersAt + pointerOctets * (hopCounter ? 4 : 3)
  const callingAt = calledAt + 1 + called.octets.length
  const dataAt = callingAt + 1 + calling.octets.length
  const optionalAt = dataAt + pointerOctets + data.length
  const octets = Buffer.allocUnsafe(optionalAt + (optional?.length ?? 0))
  octets[0] = SccpMessageType[type]
  octets[1] = classOrCause(message)
  if (hopCounter) octets[2] = message.hopCounter ?? 15
  writePointer(octets, pointersAt, pointerOctets, calledAt)
  writePointer(octets, pointersAt + pointerOctets, pointerOctets, callingAt)
  writePointer(octets, pointersAt + 2 * pointerOctets, pointerOctets, dataAt)
  if (hopCounter)
    writePointer(octets, pointersAt + 3 * pointerOctets, pointerOctets, optional ? optionalAt : undefined)
  octets[calledAt] = called.octets.length
  octets.set(called.octets, calledAt + 1)
  octets[callingAt] = calling.octets.length
  octets.set(calling.octets, callingAt + 1)
  octets[dataAt] = data.length & 0xff
  if (pointerOctets === 2) octets[dataAt + 1] = data.length >> 8
  octets.set(data, dataAt + pointerOctets)
  if (optional) octets.set(optional, optionalAt)
  return octets
}

function classOrCause(message: SccpMessage): number {
  if ('returnCause' in message) return message.returnCause
  return message.protocolClass | (message.returnOnError ? RETURN_ON_ERROR : 0)
}

function writePointer(octets: Buffer, at: number, pointerOctets: 1 | 2, target: number | undefined): void {
  const value = target === undefined ? 0 : target - (at + pointerOctets - 1)
  if (pointerOctets === 1 && value > 0xff) throw new EncodeError('SCCP', 'pointer', 'addresses are too long')
  octets[at] = value & 0xff
  if (pointerOctets === 2) octets[at + 1] = value >> 8
}

function encodeOptional(message: SccpMessage): Uint8Array | undefined {
  const { segmentation, importance, unknown } = message
  if (segmentation === undefined && importance === undefined && unknown === undefined) return undefined
  const octets: number[] = []
  if (segmentation !== undefined) {
    const { first, userClass, remaining, localReference } = segmentation
    const flags = (first ? 0x80 : 0) | (userClass === 1 ? 0x40 : 0) | (remaining & 0xf)
    octets.push(OptionalParameter.segmentation, 4, flags)
    octets.push((localReference >> 16) & 0xff, (localReference >> 8) & 0xff, localReference & 0xff)
  }
  if (importance !== undefined) octets.push(OptionalParameter.importance, 1, importance & 0x7)
  for (const { name, value } of unknown ?? []) octets.push(name, value.length, ...value)
  octets.push(OptionalParameter.endOfOptional)
  return Uint8Array.from(octets)
}
