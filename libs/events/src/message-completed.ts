import Type, { type Static } from 'typebox'
import { defineTopic } from './define.ts'
import { Cause, EpochMs } from './envelope.ts'
import { Thread } from './im-received.ts'
import { REPORT_STEPS } from './sm-reports.ts'

/** One line of a message's timeline. */
export const TimelineEntry = Type.Object({
  step: Type.Enum(['received', ...REPORT_STEPS, 'answered']),
  by: Type.String({ maxLength: 64 }),
  atMs: EpochMs,
  part: Type.Optional(Type.Integer()),
  peer: Type.Optional(Type.String()),
  cause: Type.Optional(Cause),
  outcome: Type.Optional(Type.Enum(['proof', 'unknown'])),
  detail: Type.Optional(Type.String()),
})
export type TimelineEntry = Static<typeof TimelineEntry>

export const SipFinalStatus = Type.Object({
  status: Type.Integer({ minimum: 200, maximum: 699 }),
  reasonPhrase: Type.String({ maxLength: 128 }),
  headers: Type.Array(Type.Tuple([Type.String({ maxLength: 64 }), Type.String({ maxLength: 512 })]), {
    maxItems: 8,
  }),
})
export type SipFinalStatus = Static<typeof SipFinalStatus>

const Uri = Type.String({ maxLength: 2048 })

/** What the sender asked to be told (RFC 5438), and between which identities a notification goes. */
export const NotificationRequest = Type.Object({
  messageId: Type.String({ maxLength: 256, description: 'imdn.Message-ID of the message' }),
  dateTime: Type.String({ maxLength: 64, description: 'DateTime of the message, echoed' }),
  dispositions: Type.Array(Type.String({ maxLength: 32 }), { maxItems: 8 }),
  recordRoute: Type.Optional(Type.Array(Uri, { maxItems: 8 })),
  originalTo: Type.Optional(Uri),
  recipientUri: Type.Optional(Uri),
  from: Type.String({ maxLength: 2048, description: 'identity of the recipient, who tells' }),
  to: Type.String({ maxLength: 2048, description: 'identity of the sender, who is told' }),
})
export type NotificationRequest = Static<typeof NotificationRequest>

/**
 * `message.completed`: exactly one completion per message, written before the SIP final leaves; what comes
 * later follows as amendments. The real sender of an anonymised message exists here and nowhere else.
 */
export const messageCompletedSchema = Type.Object({
  kind: Type.Enum(['completion', 'amendment']),
  messageId: Type.String({ minLength: 16, maxLength: 64 }),
  recipientKey: Type.String({ minLength: 16, maxLength: 64 }),
  traceparent: Type.Optional(Type.String({ maxLength: 64 })),
  outcome: Type.Enum(['delivered', 'failed', 'unknown'], { description: 'what is known of the phone' }),
  cause: Cause,
  partsDelivered: Type.Integer({ minimum: 0 }),
  parts: Type.Integer({ minimum: 0 }),
  receivedAtMs: EpochMs,
  decidedAtMs: EpochMs,
  final: SipFinalStatus,
  callId: Type.Optional(Type.String({ maxLength: 512 })),
  peer: Type.Optional(Type.String({ maxLength: 128 })),
  sender: Type.Optional(Type.String({ maxLength: 2048 })),
  recipient: Type.Optional(Type.String({ maxLength: 2048 })),
  anonymous: Type.Optional(Type.Boolean()),
  originator: Type.Optional(Type.String({ maxLength: 64, description: 'TP-OA, as number or text' })),
  imsi: Type.Optional(
    Type.String({ maxLength: 20, description: 'of the recipient, as Sh or routing named it' }),
  ),
  icid: Type.Optional(Type.String({ maxLength: 256 })),
  origIoi: Type.Optional(Type.String({ maxLength: 256 })),
  thread: Type.Optional(Thread),
  notification: Type.Optional(NotificationRequest),
  timeline: Type.Array(TimelineEntry, { maxItems: 1024, description: 'of an amendment: only what is new' }),
})

export type MessageCompleted = Static<typeof messageCompletedSchema>

export const messageCompleted = defineTopic({
  name: 'message.completed',
  version: 1,
  schema: messageCompletedSchema,
  retentionMs: 7 * 24 * 3_600_000,
  partitioning: 'pipeline',
  key: (value) => value.recipientKey,
})
