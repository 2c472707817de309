import { BerReader, BerWriter, DecodeError } from '@ipsmgw/bytes'
import { readComponents, writeComponents } from './components.ts'
import { readDialogue, writeDialogue } from './dialogue-portion.ts'
import {
  type Component,
  type DialogueApdu,
  MessageTag,
  type MessageType,
  PROTOCOL,
  type ReceivedComponent,
  type ReceivedMessage,
  type TcapMessage,
} from './messages.ts'

const OTID = 0x48
const DTID = 0x49
const P_ABORT_CAUSE = 0x4a
const DIALOGUE = 0x6b
const COMPONENTS = 0x6c

/**
 * TCAP message (Q.773 §3.1): transaction ids, P-abort cause, dialogue portion, components. A fault in a component
 * stays in the list as `malformed`; any other throws `DecodeError`. Octets are views of what was given.
 */
export function decodeTcap(octets: Uint8Array): ReceivedMessage {
  const reader = new BerReader(octets, PROTOCOL)
  const type = messageType(reader)
  reader.enter(type)
  const message = readMessage(reader, type)
  reader.leave()
  reader.done('message')
  return message
}

function messageType(reader: BerReader): MessageType {
  switch (reader.peek()) {
    case MessageTag.begin:
      return 'begin'
    case MessageTag.continue:
      return 'continue'
    case MessageTag.end:
      return 'end'
    case MessageTag.abort:
      return 'abort'
    case MessageTag.unidirectional:
      return 'unidirectional'
    default:
      return reader.fail('message', reader.peek() === 0 ? 'missing' : 'invalid', `tag ${reader.peek()}`)
  }
}

function readMessage(reader: BerReader, type: MessageType): ReceivedMessage {
  switch (type) {
    case 'begin': {
      const otid = readTransactionId(reader, OTID, 'otid')
      return withPortions({ type, otid }, readDialoguePortion(reader), readComponentPortion(reader))
    }
    case 'continue': {
      const otid = readTransactionId(reader, OTID, 'otid')
      const dtid = readTransactionId(reader, DTID, 'dtid')
      return withPortions({ type, otid, dtid }, readDialoguePortion(reader), readComponentPortion(reader))
    }
    case 'end': {
      const dtid = readTransactionId(reader, DTID, 'dtid')
      return withPortions({ type, dtid }, readDialoguePortion(reader), readComponentPortion(reader))
    }
    case 'unidirectional':
      return withPortions({ type }, readDialoguePortion(reader), readComponentPortion(reader))
    case 'abort': {
      const dtid = readTransactionId(reader, DTID, 'dtid')
      if (reader.peek() === P_ABORT_CAUSE) return { type, dtid, pAbortCause: reader.integer('pAbortCause') }
      const dialogue = readDialoguePortion(reader)
      return dialogue === undefined ? { type, dtid } : { type, dtid, dialogue }
    }
  }
}

function withPortions<H extends object>(
  head: H,
  dialogue: DialogueApdu | undefined,
  components: ReceivedComponent[],
) {
  return dialogue === undefined ? { ...head, components } : { ...head, dialogue, components }
}

function readTransactionId(reader: BerReader, tag: number, field: string): Uint8Array {
  if (reader.peek() !== tag) reader.fail(field, 'missing')
  return reader.octets(field, 1, 4)
}

function readDialoguePortion(reader: BerReader): DialogueApdu | undefined {
  if (reader.peek() !== DIALOGUE) return undefined
  reader.enter('dialoguePortion')
  const apdu = readDialogue(reader)
  reader.leave()
  return apdu
}

function readComponentPortion(reader: BerReader): ReceivedComponent[] {
  if (reader.peek() !== COMPONENTS) {
    reader.done('componentPortion')
    return []
  }
  reader.enter('componentPortion')
  const components = readComponents(reader)
  reader.leave()
  return components
}

/** Throws `EncodeError` for what has no place on the wire. */
export function encodeTcap(message: TcapMessage): Buffer {
  const writer = new BerWriter(PROTOCOL, 288)
  writer.open(MessageTag[message.type])
  if (message.type === 'begin' || message.type === 'continue') writer.octets(OTID, message.otid)
  if (message.type !== 'begin' && message.type !== 'unidirectional') writer.octets(DTID, message.dtid)
  if (message.type === 'abort' && message.pAbortCause !== undefined)
    writer.integer(P_ABORT_CAUSE, message.pAbortCause)
  if (message.dialogue !== undefined) {
    writer.open(DIALOGUE)
    writeDialogue(writer, message.dialogue)
    writer.close()
  }
  if (message.type !== 'abort') writeComponentPortion(writer, message.components)
  return writer.close().finish()
}

function writeComponentPortion(writer: BerWriter, components: readonly Component[]): void {
  if (components.length === 0) return
  writer.open(COMPONENTS)
  writeComponents(writer, components)
  writer.close()
}

/** What can still be read of a message that `decodeTcap` refuses: enough to answer it, or to find its dialogue. */
export interface MessageHead {
  readonly type: MessageType
  readonly otid?: Uint8Array
  readonly dtid?: Uint8Array
}

/**
 * Type and transaction ids as far as they stand there, whatever follows: of a damaged message, or of the first
 * segment of a long one. Undefined when not even the type can be read.
 */
export function readHead(octets: Uint8Array): MessageHead | undefined {
  try {
    const type = messageType(new BerReader(octets, PROTOCOL))
    const start = 2 + (((octets[1] ?? 0) & 0x80) === 0 ? 0 : (octets[1] as number) & 0x7f)
    const ids = new BerReader(octets.subarray(start), PROTOCOL, start)
    const otid = readOptionalId(ids, OTID)
    const dtid = readOptionalId(ids, DTID)
    return { type, ...(otid && { otid }), ...(dtid && { dtid }) }
  } catch (error) {
    if (error instanceof DecodeError) return undefined
    throw error
  }
}

function readOptionalId(reader: BerReader, tag: number): Uint8Array | undefined {
  if (reader.peek() !== tag) return undefined
  const id = reader.octets('transactionId')
  return id.length >= 1 && id.length <= 4 ? id : undefined
}
