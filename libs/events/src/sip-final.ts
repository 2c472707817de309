import Type, { type Static } from 'typebox'
import { defineTopic } from './define.ts'
import { messageCompletedSchema, SipFinalStatus } from './message-completed.ts'

/** What is known of the phone behind the answer: parts 1 to `partsDelivered` have been acknowledged. */
export const SipFinalResult = Type.Pick(messageCompletedSchema, ['outcome', 'partsDelivered', 'parts'])
export type SipFinalResult = Static<typeof SipFinalResult>

/** `sip.final`: the answer for one SIP transaction, addressed to the sip-ingress that holds it. */
export const sipFinalSchema = Type.Object({
  messageId: Type.String({ minLength: 16, maxLength: 64 }),
  ordinal: Type.Integer({ minimum: 0, maximum: 1023 }),
  bootId: Type.String({ maxLength: 64 }),
  cause: Type.String({ maxLength: 64 }),
  traceparent: Type.Optional(Type.String({ maxLength: 64 })),
  lagMs: Type.Optional(
    Type.Integer({ minimum: 0, description: 'from arrival until the pipeline had read its first result' }),
  ),
  late: Type.Optional(
    Type.Boolean({
      description: 'the sender was answered before: what is known for certain since, no second final',
    }),
  ),
  final: SipFinalStatus,
  result: Type.Optional(SipFinalResult),
})

export type SipFinal = Static<typeof sipFinalSchema>

/** Partition = ordinal; the reader has this many StatefulSet replicas at the most. */
export const SIP_FINAL_PARTITIONS = 32

export const sipFinal = defineTopic({
  name: 'sip.final',
  version: 1,
  schema: sipFinalSchema,
  retentionMs: 5 * 60_000,
  partitioning: 'reply',
  key: (value) => value.messageId,
})
