import type { ImReceived } from '@ipsmgw/events'
import { dial, type NumberOptions, numberFromUri } from '@ipsmgw/numbering'
import type { Policy } from '@ipsmgw/policy'
import { type NameAddr, type SipRequest, utf8View } from '@ipsmgw/sip'
import type { PeerConfig } from './peers.ts'
import { type Refusal, refuse } from './refusal.ts'

type Identity = ImReceived['sender']['from']
type Recipient = ImReceived['recipient']

/** Header in which an S-CSCF says who is served. */
const SERVED_USER = 'p-served-user'
/** What a record holds of a URI. */
const LONGEST_URI = 2048

/**
 * The served user: P-Served-User from a peer that may send it, else the Request-URI (RFC 5502 §4.1; never To,
 * RFC 3261 §8.2.2.1). Anything that is not a subscriber of ours is refused.
 */
export function recipientOf(request: SipRequest, peer: PeerConfig, policy: Policy): Recipient | Refusal {
  if (request.headers.get(SERVED_USER) === undefined)
    return resolve(utf8View(request.uriText), 'Request-URI', undefined, policy)
  const served = request.servedUser
  if (!peer.trusted || !peer.servedUser || served === undefined) return refuse(403, 'servedUserNotAllowed')
  if (served.sescase !== undefined && served.sescase !== 'term') return refuse(403, 'originatingCase')
  const registered = served.regstate === undefined ? undefined : served.regstate === 'reg'
  return resolve(utf8View(served.address.uriText), 'P-Served-User', registered, policy)
}

function resolve(
  uri: string,
  source: Recipient['source'],
  registered: boolean | undefined,
  policy: Policy,
): Recipient | Refusal {
  if (uri.length > LONGEST_URI) return refuse(414, 'uriTooLong')
  const own = numberOptions(policy)
  const found = numberFromUri(uri, own)
  const recipient = (number?: string): Recipient => ({
    uri,
    source,
    ...(number !== undefined && { number }),
    ...(registered !== undefined && { registered }),
  })
  switch (found.kind) {
    case 'global':
      return recipient(found.number)
    case 'name':
      // P-Served-User names a subscriber of this network by definition; a foreign Request-URI is nobody's here.
      return source === 'P-Served-User' || own.isOwnHost(found.host)
        ? recipient()
        : refuse(404, 'foreignDomain')
    case 'local': {
      const context = found.context ?? policy.homeDomains[0]
      const number = dial({ digits: found.digits, context }, policy.dialPlan)
      if (number !== undefined) return recipient(number)
      return found.context === undefined ? refuse(484, 'numberIncomplete') : refuse(404, 'noDialPlanRule')
    }
    case 'unusable':
      if (found.fault === 'scheme') return refuse(416, 'uriScheme')
      return found.fault === 'malformed' ? refuse(484, 'numberInvalid') : refuse(404, 'notASubscriber')
  }
}

/** Hosts of URIs that stand for nobody (RFC 3323 §4.1.1.3, TS 23.003 §13.6). */
const NOBODY: ReadonlySet<string> = new Set(['anonymous.invalid', 'unknown.invalid'])

/**
 * P-Asserted-Identity of a trusted peer: at most one sip or sips and one tel, others are ignored (RFC 5876 §4.5), and
 * so is what names nobody.
 */
export function assertedBy(request: SipRequest, peer: PeerConfig, policy: Policy): Identity[] {
  if (!peer.trusted) return []
  const kinds = new Set<string>()
  let identities: Identity[] = []
  for (const address of request.assertedIdentities) {
    const kind = /^tel:/i.test(address.uriText) ? 'tel' : /^sips?:/i.test(address.uriText) ? 'sip' : undefined
    if (kind === undefined || kinds.has(kind) || isNobody(address)) continue
    kinds.add(kind)
    identities = identities.concat(identity(address, policy, true))
  }
  return identities
}

function isNobody({ uri }: NameAddr): boolean {
  return uri.kind === 'sip' && NOBODY.has(uri.host.toLowerCase())
}

/** From as the sender wrote it: for anonymity, and as identity only where the policy says so. */
export function fromOf(request: SipRequest, policy: Policy): Identity {
  return identity(request.from, policy, false)
}

const LONGEST_NAME = 128

function identity(address: NameAddr, policy: Policy, asserted: boolean): Identity {
  const uri = utf8View(address.uriText).slice(0, LONGEST_URI)
  const found = numberFromUri(uri, { ...numberOptions(policy), trustForeignHosts: asserted })
  const number =
    found.kind === 'global'
      ? found.number
      : found.kind === 'local'
        ? dial({ digits: found.digits, context: found.context ?? policy.homeDomains[0] }, policy.dialPlan)
        : undefined
  return {
    uri,
    ...(number !== undefined && { number }),
    ...(address.displayName !== undefined && {
      displayName: utf8View(address.displayName).slice(0, LONGEST_NAME),
    }),
  }
}

function numberOptions(policy: Policy): NumberOptions {
  const { homeDomains } = policy
  return {
    isOwnHost: (host) =>
      homeDomains.length === 0 || homeDomains.some((domain) => domain.toLowerCase() === host),
    trustForeignHosts: false,
  }
}
