import { ByteWriter } from '@ipsmgw/bytes'
import { finishMessage, writeHeader } from './codec.ts'
import type { Fields } from './dictionary/definitions.ts'
import { ERROR_ANSWER, messageNamed } from './dictionary/lookup.ts'
import type { MessageName } from './dictionary/messages.ts'
import { writeMembers } from './fields.ts'

/** Identifiers and flags of a message that its command does not settle. */
export interface Envelope {
  readonly hopByHopId: number
  readonly endToEndId: number
  readonly retransmitted?: boolean
  /** A protocol error (RFC 6733 §7.1.3): E flag and the grammar of every error answer. */
  readonly error?: boolean
  /** Answers repeat the P flag of their request. */
  readonly proxiable?: boolean
}

/** The octets of a message from a plain object, its AVPs in the order of the grammar. Throws `EncodeError`. */
export function encodeMessage<M extends MessageName>(
  name: M,
  fields: Fields<M> | Partial<Fields<M>>,
  envelope: Envelope,
): Buffer {
  const { code, applicationId, request, proxiable, grammar } = messageNamed(name)
  const { error = false, retransmitted = false } = envelope
  const writer = new ByteWriter(512)
  writeHeader(writer, {
    request,
    proxiable: envelope.proxiable ?? proxiable,
    error,
    retransmitted,
    commandCode: code,
    applicationId,
    hopByHopId: envelope.hopByHopId,
    endToEndId: envelope.endToEndId,
  })
  writeMembers(writer, error ? ERROR_ANSWER : grammar, fields, applicationId, name)
  return finishMessage(writer)
}
