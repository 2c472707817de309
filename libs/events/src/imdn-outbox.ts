import Type, { type Static } from 'typebox'
import { defineTopic } from './define.ts'
import { EpochMs } from './envelope.ts'
import { Thread } from './im-received.ts'
import { NotificationRequest } from './message-completed.ts'

/** What a sender can be told (RFC 5438 §7; the last two are CPM's interworking extension). */
export const NOTIFICATIONS = ['delivered', 'failed', 'processed', 'legacy-sms', 'error'] as const
export type Notification = (typeof NOTIFICATIONS)[number]

/** How sending one ends: taken, refused by SIP, without a route or a wire form, or nobody answered in the end. */
export const NOTIFICATION_OUTCOMES = ['sent', 'refused', 'unrouted', 'unsendable', 'unreachable'] as const
export type NotificationOutcome = (typeof NOTIFICATION_OUTCOMES)[number]

const notificationId = Type.String({
  minLength: 16,
  maxLength: 64,
  description: 'hash of messageId and kind: the same notification has the same one, whoever makes it',
})

/** One notification to the sender of a message, with all that sending it needs. */
export const NotificationToSend = Type.Object({
  notificationId,
  kind: Type.Enum([...NOTIFICATIONS]),
  messageId: Type.String({ minLength: 16, maxLength: 64 }),
  traceparent: Type.Optional(Type.String({ maxLength: 64 })),
  peer: Type.String({ maxLength: 128, description: 'SIP peer that the message came by: its route is used' }),
  atMs: EpochMs,
  request: NotificationRequest,
  thread: Type.Optional(Thread),
})
export type NotificationToSend = Static<typeof NotificationToSend>

/**
 * `imdn.outbox`: notifications to senders, and what became of each. `settled` follows when nothing more is to be done,
 * so that a notification without it is one that a crash left behind.
 */
export const imdnOutboxSchema = Type.Object({
  recipientKey: Type.String({ minLength: 16, maxLength: 64 }),
  notification: Type.Optional(NotificationToSend),
  settled: Type.Optional(
    Type.Object({
      notificationId,
      outcome: Type.Enum([...NOTIFICATION_OUTCOMES]),
      status: Type.Optional(Type.Integer({ minimum: 100, maximum: 699 })),
      atMs: EpochMs,
    }),
  ),
})

export type ImdnOutbox = Static<typeof imdnOutboxSchema>

export const imdnOutbox = defineTopic({
  name: 'imdn.outbox',
  version: 1,
  schema: imdnOutboxSchema,
  retentionMs: 7 * 24 * 3_600_000,
  partitioning: 'pipeline',
  key: (value) => value.recipientKey,
})
