/** What the gateway itself may do next for the same message (design: never twice). */
export type GatewayAction =
  | 'none' // answer the sender; nothing is sent again
  | 'other-node' // proof of non-delivery: the next serving node may be tried
  | 'same-node-later' // the node is busy with this phone: again in a moment if time is left
  | 'ask-routing-again' // the location was stale: one new routing query
  | 'alternate-peer' // a query, not a forward: the same question to another peer

/** Whether a cause proves that the phone has not got the part, when it answers a forward. */
export type ForwardOutcome = 'delivered' | 'proof' | 'unknown'

export interface CauseRow {
  /** SIP status of the final answer. */
  readonly status: number
  readonly reasonPhrase: string
  /** Q.850 value for the Reason header; only genuine Q.850 values (RFC 6432). */
  readonly q850?: number
  /** Words for Reason and Warning, for humans. */
  readonly text: string
  /** warn-text of a Warning header that clients look for, verbatim. */
  readonly warning?: string
  readonly retryAfterSeconds?: number
  readonly action: GatewayAction
  readonly outcome: ForwardOutcome
  /** May the sender usefully send the same again later? */
  readonly senderMayRetry: boolean
}

function row(
  status: number,
  reasonPhrase: string,
  q850: number | undefined,
  text: string,
  rest: Partial<CauseRow> = {},
): CauseRow {
  return {
    status,
    reasonPhrase,
    ...(q850 !== undefined && { q850 }),
    text,
    action: 'none',
    outcome: 'unknown',
    senderMayRetry: true,
    ...rest,
  }
}

const UNAVAILABLE = 'Temporarily Unavailable'

/**
 * The one table from cause to SIP answer. `outcome` is read only when the cause answers a forward. Status, Reason
 * and actions: 23.204 §6.13 and RFC 3428 as laid down in docs/protocols/sip-answers.md.
 */
export const CAUSES = {
  delivered: row(200, 'OK', undefined, 'all parts acknowledged', {
    outcome: 'delivered',
    senderMayRetry: false,
  }),

  // The recipient, as HLR/HSS and serving nodes report it
  unknownSubscriber: row(404, 'Not Found', 1, 'unknown subscriber', {
    outcome: 'proof',
    senderMayRetry: false,
  }),
  unidentifiedSubscriber: row(480, UNAVAILABLE, 20, 'subscriber not known at the serving node', {
    action: 'ask-routing-again',
    outcome: 'proof',
  }),
  teleserviceNotProvisioned: row(403, 'Forbidden', 50, 'SMS not subscribed', {
    outcome: 'proof',
    senderMayRetry: false,
  }),
  callBarred: row(403, 'Forbidden', 21, 'SMS barred', { outcome: 'proof', senderMayRetry: false }),
  facilityNotSupported: row(480, UNAVAILABLE, 69, 'serving node lacks the facility', {
    action: 'other-node',
    outcome: 'proof',
  }),
  absentSubscriber: row(480, UNAVAILABLE, 20, 'absent subscriber', {
    action: 'other-node',
    outcome: 'proof',
  }),
  subscriberBusyForMtSms: row(486, 'Busy Here', 17, 'busy with another SMS', {
    action: 'same-node-later',
    outcome: 'proof',
    retryAfterSeconds: 10,
  }),
  memoryCapacityExceeded: row(480, UNAVAILABLE, 47, 'Recipient memory full', { outcome: 'proof' }),
  equipmentProtocolError: row(480, UNAVAILABLE, 111, 'equipment protocol error'),
  equipmentNotSmEquipped: row(480, UNAVAILABLE, 88, 'equipment not equipped for SMS', {
    action: 'other-node',
    outcome: 'proof',
  }),
  unknownServiceCentre: row(500, 'Server Internal Error', 3, 'service centre address not known', {
    outcome: 'proof',
    senderMayRetry: false,
  }),
  scCongestion: row(480, UNAVAILABLE, 42, 'service centre congestion', { retryAfterSeconds: 10 }),
  invalidSmeAddress: row(404, 'Not Found', 28, 'invalid address', {
    outcome: 'proof',
    senderMayRetry: false,
  }),
  subscriberNotScSubscriber: row(403, 'Forbidden', 21, 'not a subscriber of the service centre', {
    outcome: 'proof',
    senderMayRetry: false,
  }),
  illegalSubscriber: row(403, 'Forbidden', 21, 'illegal subscriber', {
    outcome: 'proof',
    senderMayRetry: false,
  }),
  illegalEquipment: row(403, 'Forbidden', 21, 'illegal equipment', {
    outcome: 'proof',
    senderMayRetry: false,
  }),
  systemFailure: row(480, UNAVAILABLE, 38, 'system failure in the network', { retryAfterSeconds: 10 }),
  protocolDefect: row(500, 'Server Internal Error', 96, 'the network refused our encoding', {
    senderMayRetry: false,
  }),

  // Routing: nothing was forwarded
  routingNoAnswer: row(480, UNAVAILABLE, 102, 'no routing answer', {
    action: 'alternate-peer',
    outcome: 'proof',
  }),
  routingCongested: row(480, UNAVAILABLE, 42, 'routing congested', {
    action: 'alternate-peer',
    outcome: 'proof',
    retryAfterSeconds: 10,
  }),
  routingFailed: row(480, UNAVAILABLE, 38, 'routing failed', {
    action: 'alternate-peer',
    outcome: 'proof',
    retryAfterSeconds: 10,
  }),
  routingLoop: row(480, UNAVAILABLE, 25, 'routing names this gateway', { outcome: 'proof' }),
  smsOverImsOnly: row(480, UNAVAILABLE, 88, 'the phone takes SMS over IMS only', { outcome: 'proof' }),
  noUsableServingNode: row(480, UNAVAILABLE, 88, 'no serving node that takes SMS from here', {
    outcome: 'proof',
  }),
  serviceDataUnavailable: row(480, UNAVAILABLE, undefined, 'service data not available', {
    outcome: 'proof',
  }),
  serviceDataRefused: row(480, UNAVAILABLE, undefined, 'service data refused', { outcome: 'proof' }),

  // Forwarding
  noRouteToServingNode: row(480, UNAVAILABLE, 38, 'serving node not reachable', {
    action: 'other-node',
    outcome: 'proof',
  }),
  servingNodeBusy: row(480, UNAVAILABLE, 42, 'serving node has too much under way', {
    action: 'other-node',
    outcome: 'proof',
    retryAfterSeconds: 10,
  }),
  outcomeUnknown: row(202, 'Accepted', undefined, 'forwarded, outcome unknown', { senderMayRetry: false }),
  expiredBeforeForward: row(480, UNAVAILABLE, undefined, 'no time left to deliver, nothing was sent', {
    outcome: 'proof',
  }),
  validityOver: row(480, UNAVAILABLE, undefined, 'the message expired, nothing was sent', {
    outcome: 'proof',
  }),

  // Step 7
  notAuthorised: row(403, 'Forbidden', undefined, 'not authorised for interworking', {
    warning: '127 Service not authorised',
    outcome: 'proof',
    senderMayRetry: false,
  }),
  notAuthorisedAtHome: row(403, 'Forbidden', undefined, 'the home network does not grant interworking', {
    warning: '127 Service not authorised',
    outcome: 'proof',
    senderMayRetry: false,
  }),
  anonymityDisallowed: row(433, 'Anonymity Disallowed', undefined, 'anonymity not allowed', {
    outcome: 'proof',
    senderMayRetry: false,
  }),
  anonymityDisallowedHidden: row(403, 'Forbidden', undefined, 'refused', {
    outcome: 'proof',
    senderMayRetry: false,
  }),
  anonymityDisallowedTold: row(403, 'Forbidden', undefined, 'anonymity not allowed', {
    warning: 'Anonymity not allowed',
    outcome: 'proof',
    senderMayRetry: false,
  }),
  rateExceeded: row(480, UNAVAILABLE, undefined, 'more messages than this sender may send', {
    outcome: 'proof',
  }),
  contentRefused: row(403, 'Forbidden', undefined, 'refused', { outcome: 'proof', senderMayRetry: false }),
  contentUnchecked: row(480, UNAVAILABLE, undefined, 'the content could not be checked', {
    outcome: 'proof',
    retryAfterSeconds: 30,
  }),
  noOriginator: row(403, 'Forbidden', undefined, 'the sender has no address that an SMS can carry', {
    outcome: 'proof',
    senderMayRetry: false,
  }),
  noSubscriberNumber: row(404, 'Not Found', 1, 'recipient has no number', {
    outcome: 'proof',
    senderMayRetry: false,
  }),
  numberInvalid: row(484, 'Address Incomplete', 28, 'number incomplete or invalid', {
    outcome: 'proof',
    senderMayRetry: false,
  }),
  tooLong: row(413, 'Request Entity Too Large', undefined, 'too many SMS parts', {
    warning: '133 Size exceeded',
    outcome: 'proof',
    senderMayRetry: false,
  }),

  // Ourselves
  overloaded: row(503, 'Service Unavailable', undefined, 'overloaded', {
    retryAfterSeconds: 5,
    outcome: 'proof',
  }),
  internalError: row(500, 'Server Internal Error', undefined, 'internal error', { senderMayRetry: false }),
} as const satisfies Record<string, CauseRow>

export type Cause = keyof typeof CAUSES

/** What an unknown cause name (of a newer release, say) is taken for. */
export const DEFAULT_CAUSE: Cause = 'systemFailure'

/** A cause by the name in a record; an unknown name gives the default, which callers count. */
export function causeNamed(name: string | undefined): Cause {
  return name !== undefined && Object.hasOwn(CAUSES, name) ? (name as Cause) : DEFAULT_CAUSE
}

export function causeRow(cause: Cause): CauseRow {
  return CAUSES[cause]
}
