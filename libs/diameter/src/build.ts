import { ByteWriter } from '@ipsmgw/bytes'
import { finishMessage, writeHeader } from './codec.ts'
import type { Fields } from './dictionary/definitions.ts'
import { ERROR_ANSWER, type Grammar, messageNamed } from './dictionary/lookup.ts'
import type { MessageName } from './dictionary/messages.ts'
import { writeMembers } from './fields.ts'
import type { DiameterHeader } from './messages.ts'

/** Identifiers and flags of a message that its command does not settle. */
export interface Envelope {
  readonly hopByHopId: number
  readonly endToEndId: number
  readonly retransmitted?: boolean
  /** A protocol error (RFC 6733 §7.1.3): E flag and the grammar of every error answer. */
  readonly error?: boolean
}

/** The octets of a message from a plain object, its AVPs in the order of the grammar. Throws `EncodeError`. */
export function encodeMessage<M extends MessageName>(
  name: M,
  fields: Fields<M> | Partial<Fields<M>>,
  envelope: Envelope,
): Buffer {
  const { code, applicationId, request, proxiable, grammar } = messageNamed(name)
  const { error = false, retransmitted = false, hopByHopId, endToEndId } = envelope
  const identifiers = { commandCode: code, applicationId, hopByHopId, endToEndId }
  const header = { request, proxiable, error, retransmitted, ...identifiers }
  return encodeWith(header, error ? ERROR_ANSWER : grammar, fields, name)
}

/**
 * The answer to any request, known or not: its identifiers and P flag. Without a grammar it is an error answer, with
 * the E flag for a protocol error. Throws `EncodeError`.
 */
export function encodeAnswer(
  request: DiameterHeader,
  grammar: Grammar | undefined,
  fields: Readonly<Record<string, unknown>>,
): Buffer {
  const code = fields['Result-Code']
  const error = grammar === undefined && typeof code === 'number' && Math.floor(code / 1000) === 3
  const { commandCode, applicationId, hopByHopId, endToEndId, proxiable } = request
  const identifiers = { commandCode, applicationId, hopByHopId, endToEndId }
  const header = { request: false, proxiable, error, retransmitted: false, ...identifiers }
  return encodeWith(header, grammar ?? ERROR_ANSWER, fields, 'answer')
}

function encodeWith(
  header: DiameterHeader,
  grammar: Grammar,
  fields: Readonly<Record<string, unknown>>,
  path: string,
): Buffer {
  const writer = new ByteWriter(512)
  writeHeader(writer, header)
  writeMembers(writer, grammar, fields, header.applicationId, path)
  return finishMessage(writer)
}
