import type { Bus } from '@ipsmgw/bus'
import type { DiameterPart } from '@ipsmgw/diameter'
import type { KeyMaker } from '@ipsmgw/numbering'
import type { Part } from '@ipsmgw/runtime'
import { createHssRouting } from './app.ts'
import type { HssRoutingConfig } from './config.ts'
import { createDiameterQueries } from './diameter-queries.ts'
import type { Queries } from './router.ts'

export interface HssRoutingSurroundings {
  readonly bus: Bus
  readonly keys: KeyMaker
  readonly queries: Queries
}

/** The service as configured. */
export function buildHssRouting(
  config: Pick<HssRoutingConfig, 'routing'>,
  surroundings: HssRoutingSurroundings,
): Part {
  return createHssRouting(config.routing, { ...surroundings, now: Date.now })
}

/** The queries as configured, over this node. */
export function buildQueries(
  { routing }: Pick<HssRoutingConfig, 'routing'>,
  { node, originHost }: DiameterPart,
): Queries {
  return createDiameterQueries(node, {
    ...routing,
    originHost,
    smsf: routing.preference.includes('smsf'),
    // There is no store whose messages an alert could release.
    singleAttempt: true,
  })
}
