import Type, { type Static } from 'typebox'

const EpochMs = Type.Integer({ minimum: 0, description: 'Unix time, milliseconds' })

/** What every record of the pipeline carries (design: identity, keys, order). */
export const envelope = {
  messageId: Type.String({
    minLength: 16,
    maxLength: 64,
    description: 'hash of Call-ID, From-tag, CSeq, Request-URI',
  }),
  recipientKey: Type.String({ minLength: 16, maxLength: 64, description: 'HMAC of the served identity' }),
  receivedAtMs: EpochMs,
  answerByMs: EpochMs,
  forwardByMs: EpochMs,
  traceparent: Type.Optional(Type.String({ maxLength: 64 })),
  reply: Type.Object({
    ordinal: Type.Integer({
      minimum: 0,
      maximum: 1023,
      description: 'sip-ingress that holds the transaction',
    }),
    bootId: Type.String({ maxLength: 64 }),
  }),
} as const

const envelopeSchema = Type.Object(envelope)
export type Envelope = Static<typeof envelopeSchema>

/** The envelope of a record, to be spread into the next one. */
export function envelopeOf(record: Envelope): Envelope {
  return {
    messageId: record.messageId,
    recipientKey: record.recipientKey,
    receivedAtMs: record.receivedAtMs,
    answerByMs: record.answerByMs,
    forwardByMs: record.forwardByMs,
    ...(record.traceparent !== undefined && { traceparent: record.traceparent }),
    reply: record.reply,
  }
}

export const Cause = Type.String({ maxLength: 64, description: 'name from libs/causes' })
export { EpochMs }
