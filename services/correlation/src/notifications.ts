import { hash } from 'node:crypto'
import type { ImdnOutbox, MessageCompleted, Notification, NotificationToSend } from '@ipsmgw/events'

/** What the operator lets senders be told. */
export interface NotificationPolicy {
  /** Off: nothing is ever sent to a sender but the SIP answer. */
  readonly enabled: boolean
  /** Also `processed`, where it was asked for: the gateway took the message. */
  readonly processed: boolean
  /** Senders who hide: not told (RFC 5438 §12.1.1), or told at the identity that a trusted peer asserted. */
  readonly anonymousSenders: 'ignore' | 'asserted'
}

/** A record of the outbox that says what to send. */
export type Due = ImdnOutbox & { readonly notification: NotificationToSend }

/** Disposition that a sender must have asked for. */
const ASKED_FOR: Readonly<Record<Notification, string>> = {
  delivered: 'positive-delivery',
  failed: 'negative-delivery',
  processed: 'processing',
  'legacy-sms': 'interworking',
  error: 'interworking',
}

/** By what is known of the phone, while the SIP answer said success. */
const DUE: Readonly<Record<MessageCompleted['outcome'], readonly Notification[]>> = {
  delivered: ['processed', 'delivered', 'legacy-sms'],
  failed: ['processed', 'failed', 'error'],
  unknown: ['processed'],
}

/**
 * The notifications that follow from a completion or an amendment (RFC 5438 §8.3, §12.1.3). After a SIP failure there
 * is none: the sender knows.
 */
export function notificationsOf(completed: MessageCompleted, policy: NotificationPolicy): Due[] {
  const { notification: request, final, outcome, anonymous, peer } = completed
  if (!policy.enabled || request === undefined || peer === undefined || final.status >= 300) return []
  if (anonymous === true && policy.anonymousSenders === 'ignore') return []
  const isDue = (kind: Notification) =>
    request.dispositions.includes(ASKED_FOR[kind]) && (kind !== 'processed' || policy.processed)
  return DUE[outcome].filter(isDue).map((kind) => ({
    recipientKey: completed.recipientKey,
    notification: {
      ...identified(completed, kind),
      peer,
      request,
      ...threadOf(completed),
      ...traceOf(completed),
    },
  }))
}

/** The same notification is the same one after a crash, and at whoever receives it twice. */
function identified(
  { messageId, decidedAtMs }: MessageCompleted,
  kind: Notification,
): Pick<NotificationToSend, 'notificationId' | 'kind' | 'messageId' | 'atMs'> {
  const notificationId = hash('sha256', `${messageId}\n${kind}`, 'hex').slice(0, 32)
  return { notificationId, kind, messageId, atMs: decidedAtMs }
}

function traceOf({ traceparent }: MessageCompleted): Pick<NotificationToSend, 'traceparent'> {
  return traceparent === undefined ? {} : { traceparent }
}

function threadOf({ thread }: MessageCompleted): Pick<NotificationToSend, 'thread'> {
  return thread === undefined ? {} : { thread }
}
