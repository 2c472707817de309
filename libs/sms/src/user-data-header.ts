import { type ByteReader, type ByteWriter, EncodeError } from '@ipsmgw/bytes'
import { hasLockingTable } from './gsm7/alphabet.ts'
import { LANGUAGE_TABLES, type Language } from './gsm7/tables.ts'
import { type ApplicationPorts, type Concatenation, type InformationElement, PROTOCOL } from './messages.ts'

/** Information element identifiers (TS 23.040 §9.2.3.24). Others are kept and skipped. */
export const ElementId = {
  concatenation8: 0x00,
  specialMessage: 0x01,
  ports8: 0x04,
  ports16: 0x05,
  serviceCentreControl: 0x06,
  headerSource: 0x07,
  concatenation16: 0x08,
  emailHeaderLength: 0x20,
  replyAddress: 0x22,
  singleShift: 0x24,
  lockingShift: 0x25,
} as const

/** What a header says. Of a repeated element the last valid one counts; invalid ones are ignored. */
export interface HeaderReading {
  readonly concatenation?: Concatenation
  readonly ports?: ApplicationPorts
  /** 0 = none, or a language that has no such table. */
  readonly lockingShift: Language
  readonly singleShift: Language
}

/** Octets of a header with its length octet; 0 when there is none. */
export function headerOctets(header: readonly InformationElement[] | undefined): number {
  if (header === undefined) return 0
  let octets = 1
  for (const element of header) octets += 2 + element.data.length
  return octets
}

/** UDHL (1), then per element: identifier (1), length (1), data. */
export function writeHeader(writer: ByteWriter, header: readonly InformationElement[]): void {
  const length = headerOctets(header) - 1
  if (length > 0xff) throw new EncodeError(PROTOCOL, 'TP-UD.UDHL', `${length} octets of header`)
  writer.uint8(length)
  for (const { id, data } of header) writer.uint8(id).uint8(data.length).octets(data)
}

/** Reads a header; an element that runs past UDHL is `underflow`. Element data are copied. */
export function readHeader(reader: ByteReader): InformationElement[] {
  const inner = reader.nested(reader.uint8('TP-UD.UDHL'), 'TP-UD.UDH')
  const elements: InformationElement[] = []
  while (inner.remaining > 0) {
    const id = inner.uint8('TP-UD.UDH.id')
    const data = inner.octets(inner.uint8('TP-UD.UDH.length'), 'TP-UD.UDH.data')
    elements.push({ id, data: Buffer.from(data) })
  }
  return elements
}

/** Meaning of a header's elements. */
export function interpretHeader(header: readonly InformationElement[] | undefined): HeaderReading {
  let concatenation: Concatenation | undefined
  let ports: ApplicationPorts | undefined
  let lockingShift: Language = 0
  let singleShift: Language = 0
  for (const element of header ?? []) {
    concatenation = readConcatenation(element) ?? concatenation
    ports = readPorts(element) ?? ports
    if (element.id === ElementId.lockingShift)
      lockingShift = readLanguage(element, hasLockingTable) ?? lockingShift
    if (element.id === ElementId.singleShift) singleShift = readLanguage(element, () => true) ?? singleShift
  }
  return {
    ...(concatenation && { concatenation }),
    ...(ports && { ports }),
    lockingShift,
    singleShift,
  }
}

/** Element 00 or 08. Throws `EncodeError` when a number is out of range. */
export function concatenationElement(value: Concatenation): InformationElement {
  const { bits, reference, total, sequence } = value
  if (!(total >= 1 && total <= 255 && sequence >= 1 && sequence <= total))
    throw new EncodeError(PROTOCOL, 'TP-UD.concatenation', `part ${sequence} of ${total}`)
  if (!Number.isInteger(reference) || reference < 0 || reference >= 2 ** bits)
    throw new EncodeError(PROTOCOL, 'TP-UD.concatenation', `reference ${reference} in ${bits} bits`)
  return bits === 8
    ? { id: ElementId.concatenation8, data: Buffer.from([reference, total, sequence]) }
    : {
        id: ElementId.concatenation16,
        data: Buffer.from([reference >> 8, reference & 0xff, total, sequence]),
      }
}

/** Element 04 or 05. Throws `EncodeError` when a port is out of range. */
export function portsElement({ bits, destination, originator }: ApplicationPorts): InformationElement {
  for (const port of [destination, originator])
    if (!Number.isInteger(port) || port < 0 || port >= 2 ** bits)
      throw new EncodeError(PROTOCOL, 'TP-UD.ports', `port ${port} in ${bits} bits`)
  if (bits === 8) return { id: ElementId.ports8, data: Buffer.from([destination, originator]) }
  const data = Buffer.alloc(4)
  data.writeUInt16BE(destination, 0)
  data.writeUInt16BE(originator, 2)
  return { id: ElementId.ports16, data }
}

/** Element 24 or 25. */
export function shiftElement(kind: 'single' | 'locking', language: Language): InformationElement {
  return {
    id: kind === 'single' ? ElementId.singleShift : ElementId.lockingShift,
    data: Buffer.from([language]),
  }
}

function readConcatenation({ id, data }: InformationElement): Concatenation | undefined {
  const is16 = id === ElementId.concatenation16
  if (!is16 && id !== ElementId.concatenation8) return undefined
  if (data.length !== (is16 ? 4 : 3)) return undefined
  const reference = is16 ? ((data[0] as number) << 8) | (data[1] as number) : (data[0] as number)
  const total = data[data.length - 2] as number
  const sequence = data[data.length - 1] as number
  if (total === 0 || sequence === 0 || sequence > total) return undefined
  return { bits: is16 ? 16 : 8, reference, total, sequence }
}

function readPorts({ id, data }: InformationElement): ApplicationPorts | undefined {
  const [a, b, c, d] = data as Uint8Array & [number, number, number, number]
  if (id === ElementId.ports8 && data.length === 2) return { bits: 8, destination: a, originator: b }
  if (id !== ElementId.ports16 || data.length !== 4) return undefined
  return { bits: 16, destination: (a << 8) | b, originator: (c << 8) | d }
}

function readLanguage(
  { data }: InformationElement,
  hasTable: (language: Language) => boolean,
): Language | undefined {
  if (data.length !== 1) return undefined
  const language = data[0] as Language
  return LANGUAGE_TABLES[language] !== undefined && hasTable(language) ? language : 0
}
