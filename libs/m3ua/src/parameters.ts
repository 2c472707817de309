import { type ByteReader, type ByteWriter, decodeWithin, EncodeError } from '@ipsmgw/bytes'

/** Longest info string (RFC 4666 §3.8.2). */
const LONGEST_INFO_OCTETS = 255
/** Longest parameter that is read; DATA over SCTP stays far below. */
export const LONGEST_PARAMETER_OCTETS = 0xffff
const HEADER_OCTETS = 4

/** How the value of one kind of parameter is read and written; `reader` ends where the value ends. */
interface Kind<T> {
  decode(reader: ByteReader): T
  encode(writer: ByteWriter, value: T): void
}

interface Definition<T> extends Kind<T> {
  readonly tag: number
  /** Stands any number of times; its value is the list. */
  readonly repeated?: boolean
}

const uint32: Kind<number> = {
  decode: (reader) => reader.uint32('value'),
  encode: (writer, value) => writer.uint32(value),
}

const octets: Kind<Uint8Array> = {
  decode: (reader) => reader.rest(),
  encode: (writer, value) => writer.octets(value),
}

const utf8: Kind<string> = {
  decode: (reader) => {
    const { remaining } = reader
    return Buffer.from(reader.octets(remaining, 'text', LONGEST_INFO_OCTETS)).toString('utf8')
  },
  encode: (writer, value) => writer.utf8(value),
}

/** At least one item, until the value ends. */
const list = <T>(item: Kind<T>): Kind<readonly T[]> => ({
  decode: (reader) => {
    const items: T[] = []
    do items.push(item.decode(reader))
    while (reader.remaining > 0)
    return items
  },
  encode: (writer, value) => {
    for (const it of value) item.encode(writer, it)
  },
})

/** A point code with the number of its low bits that are wildcards (RFC 4666 §3.4.1). */
export interface MaskedPointCode {
  readonly mask: number
  readonly pointCode: number
}

const maskedPointCode: Kind<MaskedPointCode> = {
  decode: (reader) => ({ mask: reader.uint8('mask'), pointCode: reader.uint24('pointCode') }),
  encode: (writer, { mask, pointCode }) => writer.uint8(mask).uint24(pointCode),
}

/** Two numbers of 16 bits. */
const pair = <A extends string, B extends string>(a: A, b: B): Kind<Readonly<Record<A | B, number>>> => ({
  decode: (reader) =>
    ({ [a]: reader.uint16(a), [b]: reader.uint16(b) }) as unknown as Readonly<Record<A | B, number>>,
  encode: (writer, value) => writer.uint16(value[a]).uint16(value[b]),
})

/** Protocol data (RFC 4666 §3.3.1): a user message with its routing label. */
export interface ProtocolData {
  readonly opc: number
  readonly dpc: number
  readonly si: number
  readonly ni: number
  readonly mp: number
  readonly sls: number
  readonly data: Uint8Array
}

const protocolData: Kind<ProtocolData> = {
  decode: (reader) => ({
    opc: reader.uint32('opc'),
    dpc: reader.uint32('dpc'),
    si: reader.uint8('si'),
    ni: reader.uint8('ni'),
    mp: reader.uint8('mp'),
    sls: reader.uint8('sls'),
    data: reader.rest(),
  }),
  encode: (writer, { opc, dpc, si, ni, mp, sls, data }) => {
    writer.uint32(opc).uint32(dpc).uint8(si).uint8(ni).uint8(mp).uint8(sls).octets(data)
  },
}

/** A parameter this library does not know, kept as received. */
export interface RawParameter {
  readonly tag: number
  readonly value: Uint8Array
}

// biome-ignore lint/suspicious/noExplicitAny: a table row may hold any value type; each use infers its own
type Table = Readonly<Record<string, Definition<any>>>
type ValueOf<D> = D extends Definition<infer T> ? (D extends { repeated: true } ? readonly T[] : T) : never
export type ValuesOf<T extends Table> = { readonly [K in keyof T]?: ValueOf<T[K]> } & {
  readonly unknown?: readonly RawParameter[]
}

const definition = <T>(tag: number, kind: Kind<T>): Definition<T> & { repeated?: never } => ({ tag, ...kind })
const repeated = <T>(tag: number, kind: Kind<T>): Definition<T> & { repeated: true } => ({
  tag,
  ...kind,
  repeated: true,
})

/** A parameter that holds parameters. */
const nested = <T extends Table>(table: T): Kind<ValuesOf<T>> => {
  const codec = parameterCodec(table)
  return { decode: (reader) => codec.decode(reader), encode: (writer, value) => codec.encode(writer, value) }
}

const localRoutingKeyId = definition(0x020a, uint32)
const routingContexts = definition(0x0006, list(uint32))
const trafficMode = definition(0x000b, uint32)
const networkAppearance = definition(0x0200, uint32)

/** Members of a routing key (RFC 4666 §3.6.1). */
const routingKey = nested({
  localRoutingKeyId,
  routingContexts,
  trafficMode,
  destinationPointCodes: repeated(0x020b, maskedPointCode),
  networkAppearance,
  serviceIndicators: repeated(0x020c, octets),
  originPointCodes: repeated(0x020e, list(maskedPointCode)),
})

const registrationResult = nested({
  localRoutingKeyId,
  registrationStatus: definition(0x0212, uint32),
  routingContexts,
})

const deregistrationResult = nested({ routingContexts, deregistrationStatus: definition(0x0213, uint32) })

/** Congestion level 0 to 3 in the last octet (RFC 4666 §3.4.4). */
const congestionIndications: Kind<number> = {
  decode: (reader) => reader.uint32('value') & 0xff,
  encode: (writer, value) => writer.uint32(value & 0xff),
}

/** Every parameter of RFC 4666 §3.2 by its tag. */
export const PARAMETERS = {
  infoString: definition(0x0004, utf8),
  routingContexts,
  diagnosticInformation: definition(0x0007, octets),
  heartbeatData: definition(0x0009, octets),
  trafficMode,
  errorCode: definition(0x000c, uint32),
  status: definition(0x000d, pair('type', 'information')),
  aspIdentifier: definition(0x0011, uint32),
  affectedPointCodes: definition(0x0012, list(maskedPointCode)),
  correlationId: definition(0x0013, uint32),
  networkAppearance,
  userCause: definition(0x0204, pair('cause', 'user')),
  congestionLevel: definition(0x0205, congestionIndications),
  concernedDestination: definition(0x0206, maskedPointCode),
  routingKeys: repeated(0x0207, routingKey),
  registrationResults: repeated(0x0208, registrationResult),
  deregistrationResults: repeated(0x0209, deregistrationResult),
  localRoutingKeyId,
  protocolData: definition(0x0210, protocolData),
} as const satisfies Table

export type ParameterName = keyof typeof PARAMETERS
/** Parameters of a message by name; `unknown` holds the rest. */
export type Parameters = ValuesOf<typeof PARAMETERS>
export type RoutingKey = NonNullable<Parameters['routingKeys']>[number]
export type RegistrationResult = NonNullable<Parameters['registrationResults']>[number]
export type DeregistrationResult = NonNullable<Parameters['deregistrationResults']>[number]

/** Codec of a run of parameters: tag, length (padding not counted), value, zero to three octets of padding. */
function parameterCodec<T extends Table>(table: T) {
  const byTag = new Map(Object.entries(table).map(([name, it]) => [it.tag, { name, ...it }]))

  function decode(reader: ByteReader): ValuesOf<T> {
    const values: Record<string, unknown> = {}
    while (reader.remaining > 0) {
      const tag = reader.uint16('tag')
      const length = reader.uint16('length')
      if (length < HEADER_OCTETS) reader.fail('length', 'invalid', `${length} is below the header's own`)
      const known = byTag.get(tag)
      const value = reader.nested(length - HEADER_OCTETS, known?.name ?? `tag 0x${tag.toString(16)}`)
      reader.skip(Math.min(paddingOf(length), reader.remaining), 'padding')
      if (known === undefined) append(values, 'unknown', { tag, value: value.rest() })
      else read(values, known, value)
    }
    return values as ValuesOf<T>
  }

  function read(
    values: Record<string, unknown>,
    known: Definition<unknown> & { name: string },
    at: ByteReader,
  ) {
    const { name } = known
    const value = decodeWithin(name, 0, () => {
      const decoded = known.decode(at)
      at.end('value')
      return decoded
    })
    if (known.repeated) append(values, name, value)
    else if (values[name] !== undefined) at.fail(name, 'duplicate')
    else values[name] = value
  }

  function encode(writer: ByteWriter, values: ValuesOf<T>): void {
    for (const name in values) {
      if (values[name] === undefined) continue
      if (name === 'unknown') {
        for (const { tag, value } of values.unknown ?? []) encodeParameter(writer, tag, octets, value)
        continue
      }
      const row = table[name]
      if (row === undefined) throw new EncodeError('M3UA', name, 'no such parameter')
      if (!row.repeated) encodeParameter(writer, row.tag, row, values[name])
      else for (const value of values[name] as unknown[]) encodeParameter(writer, row.tag, row, value)
    }
  }

  return { decode, encode }
}

const paddingOf = (length: number) => -length & 3

function append(values: Record<string, unknown>, name: string, value: unknown): void {
  const items = values[name] as unknown[] | undefined
  if (items === undefined) values[name] = [value]
  else items.push(value)
}

function encodeParameter<T>(writer: ByteWriter, tag: number, kind: Kind<T>, value: T): void {
  const start = writer.length
  writer.uint16(tag).uint16(0)
  kind.encode(writer, value)
  const length = writer.length - start
  if (length > LONGEST_PARAMETER_OCTETS) throw new EncodeError('M3UA', `tag ${tag}`, `${length} octets`)
  writer.patchUint16(start + 2, length)
  writer.zeros(paddingOf(length))
}

export const { decode: decodeParameters, encode: encodeParameters } = parameterCodec(PARAMETERS)
