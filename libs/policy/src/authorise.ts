import type { ImReceived } from '@ipsmgw/events'
import { domainOf, identityOf } from './identity.ts'
import type { Policy } from './schema.ts'

/** Whether a message may be delivered at all, and the setting that says so. */
export interface Authorisation {
  readonly allowed: boolean
  readonly rule: string
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

/** Recipient, then barred senders, then sender domains. */
export function authorise(message: ImReceived, policy: Policy): Authorisation {
  const refusal = recipientRefusal(message.recipient.number, policy)
  if (refusal !== undefined) return { allowed: false, rule: refusal }
  if (isBarred(message.sender.asserted, policy))
    return { allowed: false, rule: 'authorisation.barredSenders' }
  if (!isFromAllowedDomain(message.sender.asserted, policy))
    return { allowed: false, rule: 'authorisation.senderDomains' }
  return { allowed: true, rule: 'authorisation' }
}

type Identities = ImReceived['sender']['asserted']

function isBarred(identities: Identities, { authorisation }: Policy): boolean {
  const { barredSenders } = authorisation
  return (
    barredSenders.length > 0 &&
    identities.some((identity) => barredSenders.some((entry) => matches(entry.toLowerCase(), identity)))
  )
}

function matches(entry: string, { uri, number }: Identities[number]): boolean {
  if (entry.startsWith('@')) return domainOf(uri) === entry.slice(1)
  if (!entry.startsWith('+')) return identityOf(uri) === entry
  return entry.endsWith('*') ? number?.startsWith(entry.slice(0, -1)) === true : number === entry
}

/** Home domains and listed ones; a sender with a number alone has been asserted by a home S-CSCF. */
function isFromAllowedDomain(identities: Identities, { authorisation, homeDomains }: Policy): boolean {
  const { senderDomains } = authorisation
  if (senderDomains.includes('*')) return true
  const isAllowed = (domain: string) =>
    homeDomains.some((d) => d.toLowerCase() === domain) ||
    senderDomains.some((d) => d.toLowerCase() === domain)
  const domains = identities.map((identity) => domainOf(identity.uri)).filter((d) => d !== undefined)
  return domains.length === 0 || domains.some(isAllowed)
}
