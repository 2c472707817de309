import { envelopeOf, type ImReceived, type SmPrepared, type SmReport } from '@ipsmgw/events'
import type { KeyMaker } from '@ipsmgw/numbering'
import { type Decision, decide, type Policy, policyFor, type Verdict } from '@ipsmgw/policy'
import {
  addressText,
  encodeDeliverMessage,
  type Language,
  type ServiceCentreClock,
  type TextEncoding,
} from '@ipsmgw/sms'

/** Step 7's result: a Short Message for routing, or the refusal that ends the message. */
export type Conversion =
  | {
      readonly kind: 'prepared'
      readonly prepared: SmPrepared
      readonly report: SmReport
      readonly anonymous: boolean
      readonly parts: number
    }
  | { readonly kind: 'refused'; readonly report: SmReport; readonly rule: string }

/** What a conversion needs besides the message. */
export interface ConversionTools {
  readonly policy: Policy
  readonly keys: KeyMaker
  readonly clock: ServiceCentreClock
}

/**
 * Instant message to Short Message (TS 23.204 §6.13 step 7). Deterministic: the same record gives the same octets,
 * since time comes from the record and the concatenation reference from messageId.
 */
export function convert(
  message: ImReceived,
  tools: ConversionTools,
  atMs: number,
  trail?: Verdict[],
): Conversion {
  const decision = decide(message, tools.policy, tools.keys, trail)
  if (decision.kind === 'refuse') return refused(message, atMs, decision.cause, decision.rule)
  return prepared(message, decision, tools, atMs)
}

function prepared(
  message: ImReceived,
  decision: Extract<Decision, { kind: 'convert' }>,
  { policy: document, keys, clock }: ConversionTools,
  atMs: number,
): Conversion {
  const policy = policyFor(document, message.sip.profile) ?? document
  const encoded = encodeDeliverMessage({
    originator: decision.originator,
    serviceCentreTime: clock.at(message.receivedAtMs),
    content: message.text,
    reference: reference(message.messageId, isShared(decision), policy, keys),
    languages: languagesFor(message.recipient.number, policy),
    maxParts: policy.text.maximumParts,
    transliterate: policy.text.transliterate,
  })
  if (!encoded.ok) return refused(message, atMs, 'tooLong', 'text.maximumParts')
  return {
    kind: 'prepared',
    anonymous: decision.anonymous,
    parts: encoded.tpdus.length,
    report: {
      ...envelopeOf(message),
      step: 'converted',
      by: 'im-to-sms',
      atMs,
      parts: encoded.tpdus.length,
      // Where the HSS is asked, routing says what the phone sees.
      ...(decision.askHome === undefined && { originator: addressText(decision.originator) }),
      detail: `${alphabetOf(encoded.encoding)}, originator ${decision.originator.kind}`,
    },
    prepared: {
      ...envelopeOf(message),
      recipient: {
        uri: message.recipient.uri,
        ...(message.recipient.number !== undefined && { number: message.recipient.number }),
      },
      ...originatorOf(message),
      hidden: message.sender.anonymity !== undefined,
      ...(decision.askHome !== undefined && { askHome: decision.askHome }),
      ...(message.sip.profile !== undefined && { profile: message.sip.profile }),
      tpdus: encoded.tpdus.map((tpdu) => tpdu.toString('base64')),
      routing: { attempt: 1, firstPart: 1 },
      ...(message.expiresAtMs !== undefined && { expiresAtMs: message.expiresAtMs }),
      early: message.answer.earlyAtMs !== undefined,
    },
  }
}

/** Only where routing may need it: between SIP URIs there is nothing else that the home network could go by. */
function originatorOf({ recipient, sender }: ImReceived): { originatorUri?: string } {
  if (recipient.number !== undefined || sender.anonymity !== undefined) return {}
  const uri = sender.asserted.map((identity) => identity.uri).find((it) => /^sips?:/i.test(it))
  return uri === undefined ? {} : { originatorUri: uri }
}

function alphabetOf(encoding: TextEncoding | undefined): string {
  if (encoding === undefined || encoding.alphabet === 'ucs2') return 'UCS2'
  return encoding.single === 0 && encoding.locking === 0 ? 'GSM 7 bit' : 'GSM 7 bit, national table'
}

/** Many senders behind one TP-OA: 8 bits would collide with a leftover part too soon. */
function isShared({ originator, anonymous, rule }: Extract<Decision, { kind: 'convert' }>): boolean {
  return anonymous || originator.kind === 'alphanumeric' || SHARED_RULES.has(rule)
}

/** Rules that give several senders one originator. */
const SHARED_RULES: ReadonlySet<string> = new Set(['originator.fixed', 'originator.pool'])

function reference(messageId: string, shared: boolean, policy: Policy, keys: KeyMaker) {
  const value = keys.referenceOf(messageId)
  return shared || policy.text.reference === '16bit'
    ? ({ bits: 16, value } as const)
    : ({ bits: 8, value: value & 0xff } as const)
}

function languagesFor(number: string | undefined, policy: Policy): Language[] {
  const rule = policy.text.languages
    .filter((entry) => number?.startsWith(entry.recipients))
    .sort((a, b) => b.recipients.length - a.recipients.length)[0]
  return (rule?.tables ?? []) as Language[]
}

function refused(message: ImReceived, atMs: number, cause: string, rule: string): Conversion {
  return {
    kind: 'refused',
    rule,
    report: { ...envelopeOf(message), step: 'failed', by: 'im-to-sms', atMs, cause, outcome: 'proof' },
  }
}
