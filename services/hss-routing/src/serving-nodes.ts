import { type AvpValue, type DiameterMessage, value } from '@ipsmgw/diameter'
import type { ServingNode } from '@ipsmgw/events'

/** What makes a node of an answer this gateway itself. */
export interface OwnAddress {
  /** Diameter identity, lower case. */
  readonly host: string
  /** Digits. */
  readonly numbers: readonly string[]
}

export interface NamedNodes {
  readonly nodes: readonly ServingNode[]
  /** The answer names this gateway. */
  readonly loop: boolean
  /** It names another IP-SM-GW: the phone takes SMS over IMS. */
  readonly overIms: boolean
}

/** Whether nodes of this realm are reached over MAP, though the answer tells their Diameter name. */
export type OverMap = (realm: string) => boolean

/** The realms of these networks, whole or below: what roaming agreements say, where one has no SGd. */
export function realmsOverMap(realms: readonly string[] = []): OverMap {
  const names = realms.map((realm) => realm.toLowerCase())
  return (realm) => names.some((name) => `.${realm.toLowerCase()}`.endsWith(`.${name}`))
}

type Group = Partial<AvpValue<'Serving-Node'>>

/**
 * The nodes that an SRA names (TS 29.338 §5.3.3.6, §5.3.3.7, §5.3.3.35, §5.3.3.36), preferred first. A node with a
 * Diameter name and realm is reached over SGd, one with a number alone over MAP, and so is one with both in a network
 * that is reached over MAP. Throws `AvpError`.
 */
export function servingNodesOf(
  answer: DiameterMessage,
  own: OwnAddress,
  overMap: OverMap = () => false,
): NamedNodes {
  const preferred: Group = value(answer, 'Serving-Node') ?? {}
  const additional: Group = value(answer, 'Additional-Serving-Node') ?? {}
  const lmsi = value(answer, 'LMSI')
  const named = [
    ...nodesOf(preferred, lmsi?.length === 4 ? lmsi.toString('hex') : undefined),
    ...nodesOf(additional, undefined),
    ...smsfOf(answer),
  ]
  const nodes = named.flatMap((node) => reached(node, overMap))
  const loop = namesOwn(preferred, own)
  const gateway = preferred['IP-SM-GW-Number'] ?? preferred['IP-SM-GW-Name']
  return { nodes, loop, overIms: !loop && present(gateway) }
}

/** In a network without SGd a node without a number is none. */
function reached(node: ServingNode, overMap: OverMap): ServingNode[] {
  const { kind, realm, number } = node
  if (realm === undefined || !overMap(realm)) return [node]
  return number === undefined ? [] : [{ kind, protocol: 'map', number }]
}

function nodesOf(group: Group, lmsi: string | undefined): ServingNode[] {
  const msc = group['MSC-Number']
  const mmeNumber = group['MME-Number-for-MT-SMS']
  const nodes: ServingNode[] = []
  if (present(msc))
    nodes.push({ kind: 'msc', protocol: 'map', number: msc, ...(lmsi !== undefined && { lmsi }) })
  // Beside an MSC the MME's name alone says where the phone is, not that the MME takes SMS.
  if (!present(msc) || present(mmeNumber))
    nodes.push(...nodeOf('mme', group['MME-Name'], group['MME-Realm'], mmeNumber))
  nodes.push(...nodeOf('sgsn', group['SGSN-Name'], group['SGSN-Realm'], group['SGSN-Number']))
  return nodes
}

function smsfOf(answer: DiameterMessage): ServingNode[] {
  const smsf: Partial<AvpValue<'SMSF-3GPP-Address'>> = value(answer, 'SMSF-3GPP-Address') ?? {}
  const other: Partial<AvpValue<'SMSF-Non-3GPP-Address'>> = value(answer, 'SMSF-Non-3GPP-Address') ?? {}
  return [
    ...nodeOf('smsf', smsf['SMSF-3GPP-Name'], smsf['SMSF-3GPP-Realm'], smsf['SMSF-3GPP-Number']),
    ...nodeOf(
      'smsf',
      other['SMSF-Non-3GPP-Name'],
      other['SMSF-Non-3GPP-Realm'],
      other['SMSF-Non-3GPP-Number'],
    ),
  ]
}

function nodeOf(
  kind: ServingNode['kind'],
  host: string | undefined,
  realm: string | undefined,
  number: string | undefined,
): ServingNode[] {
  const numbered = present(number) ? { number } : {}
  if (present(host) && present(realm)) return [{ kind, protocol: 'sgd', host, realm, ...numbered }]
  return present(number) ? [{ kind, protocol: 'map', number }] : []
}

function namesOwn(group: Group, own: OwnAddress): boolean {
  const number = group['IP-SM-GW-Number']
  const name = group['IP-SM-GW-Name']?.toLowerCase()
  return name === own.host || (number !== undefined && own.numbers.includes(number))
}

function present(text: string | undefined): text is string {
  return text !== undefined && text !== ''
}
