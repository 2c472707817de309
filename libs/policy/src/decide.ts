import type { Cause } from '@ipsmgw/causes'
import type { ImReceived } from '@ipsmgw/events'
import type { Address } from '@ipsmgw/sms'
import { NumberingPlan, TypeOfNumber } from '@ipsmgw/sms'
import { alphanumericOriginator } from './alphanumeric.ts'
import type { OriginatorSetting, Policy } from './schema.ts'

/** Step 7 by local policy: go on with this TP-OA, or refuse; `rule` names the setting that decided. */
export type Decision =
  | {
      readonly kind: 'convert'
      readonly originator: Address
      readonly anonymous: boolean
      readonly rule: string
    }
  | { readonly kind: 'refuse'; readonly cause: Cause; readonly rule: string }

/** Authorisation first, then anonymity, then TP-OA, in the order of TS 23.204 §6.13 step 7. Nothing is asked. */
export function decide(message: ImReceived, policy: Policy): Decision {
  return authorise(message, policy) ?? anonymous(message, policy) ?? named(message, policy)
}

/**
 * Whether a recipient with this number may get SMS at all. Asked again when the HSS has told the number of a public
 * identity: until then only the default can speak. The name of the setting that refuses, or undefined.
 */
export function recipientRefusal(number: string | undefined, { authorisation }: Policy): string | undefined {
  const has = (prefixes: readonly string[]) => prefixes.some((prefix) => number?.startsWith(prefix) === true)
  if (has(authorisation.deniedRecipients)) return 'authorisation.deniedRecipients'
  return authorisation.default === 'deny' && !has(authorisation.allowedRecipients)
    ? 'authorisation.default'
    : undefined
}

function authorise(message: ImReceived, policy: Policy): Decision | undefined {
  const rule = recipientRefusal(message.recipient.number, policy)
  if (rule !== undefined) return refuse('notAuthorised', rule)
  if (!senderDomainAllowed(message, policy)) return refuse('notAuthorised', 'authorisation.senderDomains')
  return undefined
}

function senderDomainAllowed(message: ImReceived, policy: Policy): boolean {
  const allowed = policy.authorisation.senderDomains
  if (allowed.includes('*')) return true
  const domains = message.sender.asserted
    .map((identity) => domainOf(identity.uri))
    .filter((d) => d !== undefined)
  return domains.length === 0 || domains.some((domain) => allowed.some((a) => a.toLowerCase() === domain))
}

function anonymous(message: ImReceived, policy: Policy): Decision | undefined {
  if (message.sender.anonymity === undefined) return undefined
  const { mode, originator, value } = policy.anonymity
  switch (mode) {
    case 'allow':
      return convert(address({ type: originator, value }), true, 'anonymity.mode')
    case 'prohibit':
      return refuse('anonymityDisallowed', 'anonymity.mode')
    case 'prohibitHidden':
      return refuse('anonymityDisallowedHidden', 'anonymity.mode')
  }
}

/** Trusted tel, then trusted sip with a number, then a name. */
function named(message: ImReceived, policy: Policy): Decision {
  const { asserted, from } = message.sender
  const candidates = asserted.length > 0 || !policy.originator.useFrom ? asserted : [from]
  const numbered =
    candidates.find((c) => c.number !== undefined && /^tel:/i.test(c.uri)) ??
    candidates.find((c) => c.number !== undefined)
  if (numbered?.number !== undefined)
    return convert(address({ type: 'international', value: numbered.number }), false, 'sender number')
  switch (policy.originator.withoutNumber) {
    case 'reject':
      return refuse('noOriginator', 'originator.withoutNumber')
    case 'fixed':
      return policy.originator.fixed === undefined
        ? refuse('noOriginator', 'originator.fixed')
        : convert(address(policy.originator.fixed), false, 'originator.fixed')
    case 'alphanumeric': {
      const text = alphanumericOriginator(candidates, policy)
      return text === undefined
        ? refuse('noOriginator', 'originator.withoutNumber')
        : convert({ kind: 'alphanumeric', text }, false, 'originator.withoutNumber')
    }
  }
}

function address(setting: OriginatorSetting): Address {
  const digits = setting.value.replace(/^\+/, '')
  switch (setting.type) {
    case 'alphanumeric':
      return { kind: 'alphanumeric', text: setting.value.slice(0, 11) }
    case 'international':
      return { kind: 'numeric', ton: TypeOfNumber.international, npi: NumberingPlan.e164, digits }
    case 'shortCode':
      return { kind: 'numeric', ton: TypeOfNumber.unknown, npi: NumberingPlan.e164, digits }
  }
}

/** Host of a SIP or SIPS URI, lower case; undefined for tel. */
export function domainOf(uri: string): string | undefined {
  return /^sips?:[^@]*@([^;?>:]+)/i.exec(uri)?.[1]?.toLowerCase()
}

function convert(originator: Address, isAnonymous: boolean, rule: string): Decision {
  return { kind: 'convert', originator, anonymous: isAnonymous, rule }
}

function refuse(cause: Cause, rule: string): Decision {
  return { kind: 'refuse', cause, rule }
}
