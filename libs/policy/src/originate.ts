import type { ImReceived } from '@ipsmgw/events'
import { numberFromUri } from '@ipsmgw/numbering'
import { type Address, NumberingPlan, TypeOfNumber } from '@ipsmgw/sms'
import { alphanumericOriginator } from './alphanumeric.ts'
import { domainOf, identityOf } from './identity.ts'
import type { Policy } from './schema.ts'
import type { OriginatorSetting } from './sections.ts'

/** Where the numbers of a pool come from: a keyed hash, so that all instances choose alike and remember nothing. */
export interface PseudoNumbers {
  /** A value below `count` that depends on the text, and that nobody without the key can foresee. */
  choose(text: string, count: number): number
}

/** TP-OA, or none, and the setting that decided. */
export interface Origin {
  readonly originator?: Address
  readonly rule: string
  /** Identity of the sender that the HSS may know a number of: that one comes first, `originator` when there is none. */
  readonly askHome?: string
}

type Identity = ImReceived['sender']['from']

const LONGEST_SHORT_CODE = 8
const HOUR_MS = 3_600_000

/** A service of the list, trusted tel, trusted sip with a number, a short local number, and then by policy. */
export function originate(message: ImReceived, policy: Policy, numbers: PseudoNumbers): Origin {
  const { asserted, from } = message.sender
  const candidates = asserted.length > 0 || !policy.originator.useFrom ? asserted : [from]
  const service = serviceOf(candidates, policy)
  if (service !== undefined) return { originator: address(service), rule: 'originator.services' }
  const numbered =
    candidates.find((c) => c.number !== undefined && /^tel:/i.test(c.uri)) ??
    candidates.find((c) => c.number !== undefined)
  if (numbered?.number !== undefined)
    return { originator: address({ type: 'international', value: numbered.number }), rule: 'sender number' }
  const local = localNumber(candidates, policy)
  if (local !== undefined) return { originator: address(local), rule: 'originator.localNumbers' }
  const uri = atHome(asserted, policy)
  return {
    ...withoutNumber(message, candidates, policy, numbers),
    ...(uri !== undefined && { askHome: uri }),
  }
}

/** The asserted identity of a domain that is named as ours: of others the HSS knows nothing, and is told nothing. */
function atHome(asserted: readonly Identity[], { homeDomains, originator }: Policy): string | undefined {
  if (!originator.askHome) return undefined
  const domains = new Set(homeDomains.map((domain) => domain.toLowerCase()))
  return asserted.find(({ uri }) => domains.has(domainOf(uri) ?? ''))?.uri
}

function withoutNumber(
  message: ImReceived,
  candidates: readonly Identity[],
  policy: Policy,
  numbers: PseudoNumbers,
): Origin {
  const rule = 'originator.withoutNumber'
  const { fixed, pool } = policy.originator
  switch (policy.originator.withoutNumber) {
    case 'reject':
      return { rule }
    case 'fixed':
      return fixed === undefined ? { rule } : { originator: address(fixed), rule: 'originator.fixed' }
    case 'pseudo': {
      const sender = candidates[0]
      if (pool === undefined || sender === undefined) return { rule }
      const value = pseudoNumber(sender, message, pool, numbers)
      return { originator: address({ type: 'international', value }), rule: 'originator.pool' }
    }
    case 'alphanumeric': {
      const text = alphanumericOriginator(candidates, policy)
      return text === undefined ? { rule } : { originator: { kind: 'alphanumeric', text }, rule }
    }
  }
}

/**
 * The same number for the same two parties until its life is over; lives of different pairs end at different times. Two
 * senders may share a number towards one recipient: rarely, with a large pool.
 */
function pseudoNumber(
  sender: Identity,
  message: ImReceived,
  pool: NonNullable<Policy['originator']['pool']>,
  numbers: PseudoNumbers,
): string {
  const pair = `${identityOf(sender.uri)}\n${message.recipient.number ?? identityOf(message.recipient.uri)}`
  const lifetimeMs = pool.lifetimeHours * HOUR_MS
  const life = Math.floor((message.receivedAtMs + numbers.choose(`phase\n${pair}`, lifetimeMs)) / lifetimeMs)
  const offset = numbers.choose(`number\n${life}\n${pair}`, pool.count)
  return `+${BigInt(pool.first.slice(1)) + BigInt(offset)}`
}

function serviceOf(candidates: readonly Identity[], policy: Policy): OriginatorSetting | undefined {
  const { services } = policy.originator
  if (services.length === 0) return undefined
  const identities = candidates.map(({ uri }) => identityOf(uri))
  return services.find(({ identity }) => identities.includes(identityOf(identity)))?.originator
}

function localNumber(candidates: readonly Identity[], policy: Policy): OriginatorSetting | undefined {
  const { localNumbers } = policy.originator
  if (localNumbers === 'none') return undefined
  for (const { uri } of candidates) {
    const found = numberFromUri(uri, { isOwnHost: () => true, trustForeignHosts: false })
    if (found.kind !== 'local' || found.digits.length > LONGEST_SHORT_CODE) continue
    if (/^[0-9]+$/.test(found.digits)) return { type: localNumbers, value: found.digits }
  }
  return undefined
}

/** A configured originator as TP-OA (TS 23.040 §9.1.2.5). */
export function address(setting: OriginatorSetting): Address {
  const digits = setting.value.replace(/^\+/, '')
  const numeric = (ton: TypeOfNumber): Address => ({ kind: 'numeric', ton, npi: NumberingPlan.e164, digits })
  switch (setting.type) {
    case 'alphanumeric':
      return { kind: 'alphanumeric', text: setting.value.slice(0, 11) }
    case 'international':
      return numeric(TypeOfNumber.international)
    case 'networkSpecific':
      return numeric(TypeOfNumber.networkSpecific)
    case 'shortCode':
      return numeric(TypeOfNumber.unknown)
  }
}
