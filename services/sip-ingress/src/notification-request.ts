import type { NotificationToSend } from '@ipsmgw/events'
import { buildImdn } from '@ipsmgw/im'
import type { HeaderEntry, OutgoingRequest } from '@ipsmgw/sip'

/** CPM pager-mode messages, as core and clients know them (ICSI of OMA CPM). */
const CPM_SERVICE = 'urn:urn-7:3gpp-service.ims.icsi.oma.cpm.msg'
const CPM_FEATURE = CPM_SERVICE.replaceAll(':', '%3A')

export interface NotificationRequestOptions {
  /** Route value of the sender's S-CSCF. */
  readonly route: string
  readonly host: string
  /** Counts from 1; each attempt is a request of its own. */
  readonly attempt: number
}

/**
 * The MESSAGE that carries a notification (RFC 5438 §8.3, §12.1): to the first IMDN-Record-Route, else to the sender.
 * Its identifiers follow from the notification, so that one that was sent twice is recognised. Throws `EncodeError`
 * or `SipParseError` for identities that have no wire form.
 */
export function notificationRequest(
  { notificationId, kind, atMs, request, thread }: NotificationToSend,
  { route, host, attempt }: NotificationRequestOptions,
): OutgoingRequest {
  const { from, to, recordRoute = [], originalTo } = request
  const uri = recordRoute[0] ?? to
  const headers: HeaderEntry[] = [
    ['Route', route],
    ['From', `<${from}>;tag=${notificationId.slice(0, 16)}`],
    ['To', `<${uri}>`],
    ['Call-ID', `${notificationId}@${host}`],
    ['CSeq', `${attempt} MESSAGE`],
    ['P-Asserted-Identity', `<${from}>`],
    ...threadHeaders(thread),
    ['Content-Type', 'message/cpim'],
  ]
  const body = buildImdn({
    kind,
    ownMessageId: notificationId,
    ownDateTime: new Date(atMs).toISOString(),
    messageId: request.messageId,
    dateTime: request.dateTime,
    from,
    to,
    recipientUri: request.recipientUri ?? from,
    ...(originalTo !== undefined && { originalTo }),
    recordRoute,
  })
  return { method: 'MESSAGE', uri, headers, body }
}

/** A message of a CPM thread is answered within it. */
function threadHeaders(thread: NotificationToSend['thread']): HeaderEntry[] {
  const { conversationId, contributionId } = thread ?? {}
  if (conversationId === undefined && contributionId === undefined) return []
  return [
    ['P-Asserted-Service', CPM_SERVICE],
    ['Accept-Contact', `*;+g.3gpp.icsi-ref="${CPM_FEATURE}"`],
    ...(conversationId === undefined ? [] : [['Conversation-ID', conversationId] as const]),
    ...(contributionId === undefined ? [] : [['Contribution-ID', contributionId] as const]),
  ]
}
