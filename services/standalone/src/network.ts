import { createDiameterPart } from '@ipsmgw/diameter'
import { buildQueries, type HssRoutingSurroundings, QUERY_APPLICATIONS } from '@ipsmgw/hss-routing'
import type { Part } from '@ipsmgw/runtime'
import { createSigtranPart } from '@ipsmgw/sigtran'
import { buildForwarders, FORWARD_APPLICATIONS, type SmDeliverySurroundings } from '@ipsmgw/sm-delivery'
import type { Logger, Registry } from '@ipsmgw/telemetry'
import { ORDINAL, type StandaloneConfig } from './config.ts'

/** The ways to HSS and serving nodes, and the parts that keep them open. */
export interface Network {
  readonly parts: readonly Part[]
  readonly queries: HssRoutingSurroundings['queries']
  readonly forwarders: SmDeliverySurroundings['forwarders']
}

/** One Diameter node for both services (Sh and S6c, SGd), and one SIGTRAN side where it is configured. */
export function buildNetwork(
  config: Pick<StandaloneConfig, 'diameter' | 'sigtran' | 'routing' | 'delivery'>,
  dependencies: { readonly registry: Registry; readonly logger: Logger },
): Network {
  const diameter = createDiameterPart(
    config.diameter,
    { ordinal: ORDINAL, applications: [...QUERY_APPLICATIONS, ...FORWARD_APPLICATIONS] },
    dependencies,
  )
  const sigtran = config.sigtran && createSigtranPart(config.sigtran, { ordinal: ORDINAL }, dependencies)
  const legs = { diameter, sigtran }
  return {
    parts: sigtran === undefined ? [diameter] : [diameter, sigtran],
    queries: buildQueries(config, legs),
    forwarders: buildForwarders(config, legs),
  }
}
