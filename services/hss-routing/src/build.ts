import type { Bus } from '@ipsmgw/bus'
import type { DiameterPart } from '@ipsmgw/diameter'
import type { KeyMaker } from '@ipsmgw/numbering'
import { type Policy, recipientRefusal } from '@ipsmgw/policy'
import type { Part } from '@ipsmgw/runtime'
import type { SigtranPart } from '@ipsmgw/sigtran'
import type { Logger, Registry } from '@ipsmgw/telemetry'
import { createHssRouting } from './app.ts'
import type { HssRoutingConfig } from './config.ts'
import { createDiameterQueries } from './diameter-queries.ts'
import { createMapRouting } from './map-routing.ts'
import { reported } from './report.ts'
import type { Queries, RouteQuery } from './router.ts'
import { inOrder } from './routing-order.ts'

export interface HssRoutingSurroundings {
  readonly bus: Bus
  readonly keys: KeyMaker
  readonly queries: Queries
  readonly registry: Registry
  readonly logger: Logger
  policy(): Policy
}

/** The service as configured, with its metrics and log lines. */
export function buildHssRouting(
  config: Pick<HssRoutingConfig, 'routing'>,
  surroundings: HssRoutingSurroundings,
): Part {
  const { bus, keys, queries, policy, ...telemetry } = surroundings
  const now = Date.now
  return createHssRouting(config.routing, {
    ...{ bus, keys, now },
    serves: (number) => recipientRefusal(number, policy()) === undefined,
    queries: reported(queries, { ...telemetry, now }),
  })
}

/** What carries the queries. */
export interface Legs {
  readonly diameter: Pick<DiameterPart, 'node' | 'originHost'>
  readonly sigtran: Pick<SigtranPart, 'map' | 'globalTitle'> | undefined
}

/** The queries as configured. Throws RangeError for a protocol without its leg, which `checkProtocols` refuses. */
export function buildQueries(
  { routing }: Pick<HssRoutingConfig, 'routing'>,
  { diameter, sigtran }: Legs,
): Queries {
  const settings = {
    ...routing,
    smsf: routing.preference.includes('smsf'),
    // There is no store whose messages an alert could release.
    singleAttempt: true,
  }
  const { originHost } = diameter
  const overDiameter = createDiameterQueries(diameter.node, { ...settings, originHost })
  const overMap = () => {
    if (sigtran === undefined) throw new RangeError('routing over MAP needs a SIGTRAN side')
    const ownNumbers = [...routing.ownNumbers, sigtran.globalTitle]
    return createMapRouting(sigtran.map, { ...settings, ownNumbers })
  }
  const overS6c: RouteQuery = (number, budgetMs) => overDiameter.route(number, budgetMs)
  return {
    resolve: (publicIdentity, budgetMs) => overDiameter.resolve(publicIdentity, budgetMs),
    route: inOrder(routing.protocols.map((protocol) => (protocol === 'map' ? overMap() : overS6c))),
  }
}
