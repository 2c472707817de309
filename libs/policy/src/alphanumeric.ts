import { toAlphanumeric } from '@ipsmgw/sms'
import { domainOf } from './identity.ts'
import type { Policy } from './schema.ts'

interface Named {
  readonly uri: string
  readonly displayName?: string
}

/**
 * A name that a phone shows: the display name where its domain may choose one (a free one could imitate a bank),
 * else the user part. Letters of the GSM default alphabet only, at most 11; undefined when nothing is left.
 */
export function alphanumericOriginator(identities: readonly Named[], policy: Policy): string | undefined {
  for (const identity of identities) {
    const domain = domainOf(identity.uri)
    const trusted = policy.originator.displayNameDomains.some((d) => d === '*' || d.toLowerCase() === domain)
    const names = [trusted ? identity.displayName : undefined, userPart(identity.uri)]
    for (const name of names) {
      const text = name === undefined ? '' : toAlphanumeric(name)
      if (text !== '') return text
    }
  }
  return undefined
}

function userPart(uri: string): string | undefined {
  const user = /^sips?:([^@;:]+)/i.exec(uri)?.[1]
  return user?.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}
