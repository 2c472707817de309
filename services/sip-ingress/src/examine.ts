import { causeRow } from '@ipsmgw/causes'
import type { ImReceived } from '@ipsmgw/events'
import { type BodyResult, readBody, type TextBody } from '@ipsmgw/im'
import type { Policy } from '@ipsmgw/policy'
import { dialogRefusal, extensionRefusal, type SipRequest, schemeRefusal, utf8View } from '@ipsmgw/sip'
import { anonymityOf } from './anonymity.ts'
import { assertedBy, fromOf, recipientOf } from './identities.ts'
import type { PeerConfig } from './peers.ts'
import { type Refusal, refuse, warning } from './refusal.ts'

/** What a MESSAGE says once every row that needs no network has passed. */
export interface Examined
  extends Pick<
    ImReceived,
    'recipient' | 'sender' | 'text' | 'contentType' | 'notification' | 'thread' | 'charging' | 'expiresAtMs'
  > {
  readonly kind: 'message'
}

/** A disposition notification for an SMS user: answered 200 and consumed (RFC 5438; nothing to deliver). */
export interface Consumed {
  readonly kind: 'consumed'
}

export interface ExamineOptions {
  readonly host: string
}

/** What the transaction layer and the configuration know of the request. */
export interface Arrival {
  readonly peer: PeerConfig
  readonly policy: Policy
  readonly nowMs: number
  /** A second branch of a request whose first copy is still under way from the same peer. */
  readonly merged: boolean
}

/** Rows 6 to 14 of the processing order (docs/protocols/sip-processing.md), in that order. */
export function examine(
  request: SipRequest,
  arrival: Arrival,
  options: ExamineOptions,
): Examined | Consumed | Refusal {
  const { peer, policy, nowMs } = arrival
  const scheme = schemeRefusal(request)
  if (scheme !== undefined) return refuse(scheme.status, 'uriScheme')
  const recipient = recipientOf(request, peer, policy)
  if ('kind' in recipient) return recipient
  const dialog = dialogRefusal(request)
  if (dialog !== undefined) return refuse(dialog.status, 'noDialog')
  if (arrival.merged) return refuse(482, 'merged')
  const extension = extensionRefusal(request, [])
  if (extension !== undefined) return refuse(extension.status, 'require', extension.headers)
  const body = readBody(bodyInput(request), policy.bodies)
  if (!body.ok) return refusedBody(body, options.host)
  if (body.kind !== 'text') return { kind: 'consumed' }
  const expiresAtMs = expiryOf(request, nowMs)
  if (expiresAtMs !== undefined && expiresAtMs <= nowMs)
    return refuse(480, 'expired', [warning(options.host, 'the message expired before it arrived')])
  const asserted = assertedBy(request, peer, policy)
  if (asserted.length === 0 && !policy.originator.useFrom) return refuse(403, 'noAssertedIdentity')
  const anonymity = anonymityOf(request)
  if (anonymity.kind === 'unhonourable') return unhonourable(policy)
  return {
    kind: 'message',
    recipient,
    sender: {
      asserted,
      from: fromOf(request, policy),
      ...(anonymity.kind === 'requested' && { anonymity: { signal: anonymity.signal } }),
    },
    text: body.text,
    contentType: body.mediaType,
    ...notificationOf(body),
    ...threadOf(request),
    ...chargingOf(request),
    ...(expiresAtMs !== undefined && { expiresAtMs }),
  }
}

/** RFC 3323 §4.2 wants 500 with a phrase that tells; a 500 may make the core deliver it elsewhere, unhidden. */
function unhonourable({ anonymity }: Policy): Refusal {
  return anonymity.unknownCritical === 500
    ? refuse(500, 'privacyCritical', [], 'Privacy Value Not Supported')
    : refuse(causeRow('anonymityDisallowed').status, 'privacyCritical', [], 'Anonymity Disallowed')
}

function bodyInput(request: SipRequest) {
  return {
    contentType: text(request, 'content-type'),
    contentEncoding: text(request, 'content-encoding'),
    contentDisposition: text(request, 'content-disposition'),
    subject: text(request, 'subject'),
    body: request.body,
  }
}

function text(request: SipRequest, header: string): string | undefined {
  const value = request.headers.get(header)
  return value === undefined ? undefined : utf8View(value)
}

function refusedBody(body: Extract<BodyResult, { ok: false }>, host: string): Refusal {
  const headers: [string, string][] = []
  if (body.accept !== undefined) headers.push(['Accept', body.accept])
  if (body.acceptEncoding !== undefined) headers.push(['Accept-Encoding', body.acceptEncoding])
  return refuse(body.status, body.reason, [...headers, warning(host, body.warning)])
}

/** Expires counts from Date when there is one, else from now (RFC 3428 §7). */
function expiryOf(request: SipRequest, nowMs: number): number | undefined {
  const seconds = request.expires
  return seconds === undefined ? undefined : (request.dateMs ?? nowMs) + seconds * 1000
}

const LONGEST_ID = 256
const LONGEST_URI = 2048
const LONGEST_DATE = 64
const MOST_ROUTES = 8

/** What the sender wants to be told; of a request that does not fit in its bounds nothing is. */
function notificationOf({ imdn, cpim }: TextBody): Pick<ImReceived, 'notification'> {
  const uris = [...(imdn?.recordRoute ?? []), imdn?.originalTo ?? '']
  if (imdn === undefined || imdn.messageId.length > LONGEST_ID || imdn.dateTime.length > LONGEST_DATE)
    return {}
  if (imdn.recordRoute.length > MOST_ROUTES || uris.some((uri) => uri.length > LONGEST_URI)) return {}
  const named = cpim?.to[0]?.uri
  const isNamed = named !== undefined && named.length <= LONGEST_URI && !/@anonymous\.invalid\b/i.test(named)
  return {
    notification: {
      messageId: imdn.messageId,
      dateTime: imdn.dateTime,
      dispositions: [...imdn.dispositions],
      ...(imdn.recordRoute.length > 0 && { recordRoute: [...imdn.recordRoute] }),
      ...(imdn.originalTo !== undefined && { originalTo: imdn.originalTo }),
      ...(isNamed && { recipientUri: named }),
    },
  }
}

function threadOf(request: SipRequest): Pick<ImReceived, 'thread'> {
  const value = (header: string) => text(request, header)?.slice(0, LONGEST_ID)
  const conversationId = value('conversation-id')
  const contributionId = value('contribution-id')
  const inReplyTo = value('inreplyto-contribution-id')
  if (conversationId === undefined && contributionId === undefined && inReplyTo === undefined) return {}
  return {
    thread: {
      ...(conversationId !== undefined && { conversationId }),
      ...(contributionId !== undefined && { contributionId }),
      ...(inReplyTo !== undefined && { inReplyTo }),
    },
  }
}

/** What P-Charging-Vector says (RFC 7315). */
export function chargingOf(request: SipRequest): Pick<ImReceived, 'charging'> {
  const vector = text(request, 'p-charging-vector')
  if (vector === undefined) return {}
  const parameter = (name: string) =>
    new RegExp(`(?:^|;)\\s*${name}="?([^";]{1,${LONGEST_ID}})`, 'i').exec(vector)?.[1]?.trim()
  const icid = parameter('icid-value')
  const origIoi = parameter('orig-ioi')
  return { charging: { ...(icid !== undefined && { icid }), ...(origIoi !== undefined && { origIoi }) } }
}
