import type { Fields } from './dictionary/definitions.ts'

/** What routing looks at in a peer. */
export interface RoutablePeer {
  readonly identity: string
  readonly realms: readonly string[]
  readonly priority: number
  usable(applicationId: number): 'good' | 'poor' | undefined
}

/** Where a request goes, in lower case. */
export interface Destination {
  readonly host: string | undefined
  readonly realm: string | undefined
}

/** In the realms of a peer: every realm, after the peers that name it (RFC 6733 §2.7, the default entry). */
export const ANY_REALM = '*'

/**
 * Usable peers for a request in the order in which they are asked (RFC 6733 §6.1): the named host if it is a
 * neighbour, then those that name its realm, then those for every realm, each by priority, equal ones in turn. Peers that
 * have come back and still prove themselves are last.
 */
export function candidates<P extends RoutablePeer>(
  peers: ReadonlyMap<string, P>,
  { host, realm }: Destination,
  applicationId: number,
  turn: number,
): P[] {
  const direct = host === undefined ? undefined : peers.get(host)
  const ofRealm: P[] = []
  const ofAny: P[] = []
  for (const peer of peers.values()) {
    if (peer === direct || realm === undefined) continue
    if (peer.realms.includes(realm)) ofRealm.push(peer)
    else if (peer.realms.includes(ANY_REALM)) ofAny.push(peer)
  }
  const ordered = [...byPriority(ofRealm, turn), ...byPriority(ofAny, turn)]
  if (direct !== undefined) ordered.unshift(direct)
  const good = ordered.filter((peer) => peer.usable(applicationId) === 'good')
  const poor = ordered.filter((peer) => peer.usable(applicationId) === 'poor')
  return [...good, ...poor]
}

function byPriority<P extends RoutablePeer>(peers: readonly P[], turn: number): P[] {
  const priorities = [...new Set(peers.map(({ priority }) => priority))].sort((a, b) => a - b)
  return priorities.flatMap((priority) => {
    const group = peers.filter((peer) => peer.priority === priority)
    const first = turn % group.length
    return [...group.slice(first), ...group.slice(0, first)]
  })
}

/** Where a request says that it goes. */
export function destinationOf(request: object): Destination {
  const { 'Destination-Host': host, 'Destination-Realm': realm } = request as Partial<Fields<'TFR'>>
  return { host: host?.toLowerCase(), realm: realm?.toLowerCase() }
}
