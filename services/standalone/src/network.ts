import { createDiameterPart } from '@ipsmgw/diameter'
import { buildQueries, type HssRoutingSurroundings, QUERY_APPLICATIONS } from '@ipsmgw/hss-routing'
import type { Part } from '@ipsmgw/runtime'
import { buildForwarders, FORWARD_APPLICATIONS, type SmDeliverySurroundings } from '@ipsmgw/sm-delivery'
import type { Logger, Registry } from '@ipsmgw/telemetry'
import { ORDINAL, type StandaloneConfig } from './config.ts'

/** The ways to HSS and serving nodes, and the parts that keep them open. */
export interface Network {
  readonly parts: readonly Part[]
  readonly queries: HssRoutingSurroundings['queries']
  readonly forwarders: SmDeliverySurroundings['forwarders']
}

/** One Diameter node for both: Sh and S6c towards the HSS, SGd towards the serving nodes. */
export function buildNetwork(
  config: Pick<StandaloneConfig, 'diameter' | 'routing' | 'delivery'>,
  dependencies: { readonly registry: Registry; readonly logger: Logger },
): Network {
  const diameter = createDiameterPart(
    config.diameter,
    { ordinal: ORDINAL, applications: [...QUERY_APPLICATIONS, ...FORWARD_APPLICATIONS] },
    dependencies,
  )
  return {
    parts: [diameter],
    queries: buildQueries(config, diameter),
    forwarders: buildForwarders(config, diameter),
  }
}
