import { createDiameterPart, type PeerStatus } from '@ipsmgw/diameter'
import {
  buildAlerts,
  buildQueries,
  buildStatusQueries,
  type HssRoutingSurroundings,
  mapAlertHandlers,
  QUERY_APPLICATIONS,
  serveAlerts,
} from '@ipsmgw/hss-routing'
import type { Part } from '@ipsmgw/runtime'
import { createSigtranPart } from '@ipsmgw/sigtran'
import { buildForwarders, FORWARD_APPLICATIONS, type SmDeliverySurroundings } from '@ipsmgw/sm-delivery'
import { ORDINAL, type StandaloneConfig } from './config.ts'

/** What the ways need: alerts go on the bus. */
export type NetworkSurroundings = Pick<HssRoutingSurroundings, 'bus' | 'keys' | 'registry' | 'logger'>

/** The ways to HSS and serving nodes, and the parts that keep them open. */
export interface Network {
  readonly parts: readonly Part[]
  /** The peer table, for who looks after them. */
  peers?(): readonly PeerStatus[]
  readonly queries: HssRoutingSurroundings['queries']
  readonly statuses: HssRoutingSurroundings['statuses']
  readonly forwarders: SmDeliverySurroundings['forwarders']
}

/** One Diameter node for both services (Sh and S6c, SGd), and one SIGTRAN side where it is configured. */
export function buildNetwork(
  config: Pick<StandaloneConfig, 'diameter' | 'sigtran' | 'routing' | 'delivery'>,
  dependencies: NetworkSurroundings,
): Network {
  const alerts = buildAlerts(config, dependencies)
  const diameter = createDiameterPart(
    config.diameter,
    { ordinal: ORDINAL, applications: [...QUERY_APPLICATIONS, ...FORWARD_APPLICATIONS] },
    dependencies,
  )
  serveAlerts(diameter.node, alerts)
  const sigtranOptions = { ordinal: ORDINAL, handlers: mapAlertHandlers(alerts) }
  const sigtran = config.sigtran && createSigtranPart(config.sigtran, sigtranOptions, dependencies)
  const legs = { diameter, sigtran }
  return {
    peers: () => diameter.node.peers(),
    parts: sigtran === undefined ? [diameter] : [diameter, sigtran],
    queries: buildQueries(config, legs, dependencies),
    statuses: buildStatusQueries(config, legs),
    forwarders: buildForwarders(config, legs),
  }
}
