import type { ImReceived } from '@ipsmgw/events'
import { domainOf, identityOf } from './identity.ts'
import type { Policy } from './schema.ts'

/** Whether a message may be delivered at all, and the setting that says so. */
export interface Authorisation {
  readonly allowed: boolean
  readonly rule: string
}

/** What the service data of a recipient say: that the user has the service, or has not. */
export type HomeGrant = 'granted' | 'refused'

/** Whether a recipient may get SMS at all, as far as this document can say, and the setting that says so. */
export interface RecipientRuling {
  readonly kind: 'allowed' | 'refused' | 'ask-home'
  readonly rule: string
}

/**
 * What this document says of a recipient with this number. Asked again when the HSS has told the number of a public
 * identity: until then only the default can speak. Denied numbers stay denied, whatever the home network says.
 */
export function recipientRuling(number: string | undefined, { authorisation }: Policy): RecipientRuling {
  const { deniedRecipients, allowedRecipients, homeData } = authorisation
  const has = (prefixes: readonly string[]) => prefixes.some((prefix) => number?.startsWith(prefix) === true)
  if (has(deniedRecipients)) return { kind: 'refused', rule: 'authorisation.deniedRecipients' }
  const allowed = authorisation.default === 'allow' || has(allowedRecipients)
  const asked = homeData.use === (allowed ? 'and' : 'or')
  if (asked) return { kind: 'ask-home', rule: 'authorisation.homeData' }
  return allowed
    ? { kind: 'allowed', rule: 'authorisation' }
    : { kind: 'refused', rule: 'authorisation.default' }
}

/** Where the home network is to be asked: whether what it says, or does not say, allows the recipient. */
export function isGrantedAtHome(grant: HomeGrant | undefined, { authorisation }: Policy): boolean {
  return grant === undefined ? authorisation.homeData.whenAbsent === 'allow' : grant === 'granted'
}

/** Service-Indication of the data that the home network is asked for; undefined: none. */
export function homeDataWanted({ authorisation: { homeData } }: Policy): string | undefined {
  return homeData.use === 'no' ? undefined : homeData.serviceIndication
}

/** Recipient, then barred senders, then sender domains. What the home network has to say comes with the routing. */
export function authorise(message: ImReceived, policy: Policy): Authorisation {
  const recipient = recipientRuling(message.recipient.number, policy)
  if (recipient.kind === 'refused') return { allowed: false, rule: recipient.rule }
  if (isBarred(message.sender.asserted, policy))
    return { allowed: false, rule: 'authorisation.barredSenders' }
  if (!isFromAllowedDomain(message.sender.asserted, policy))
    return { allowed: false, rule: 'authorisation.senderDomains' }
  return { allowed: true, rule: recipient.rule }
}

/** Whether a number is barred as a sender: asked again when the HSS has told the number of one. */
export function isBarredSender(number: string, policy: Policy): boolean {
  return isBarred([{ uri: `tel:${number}`, number }], policy)
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
