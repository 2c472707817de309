import type { Bus } from '@ipsmgw/bus'
import type { DiameterPart } from '@ipsmgw/diameter'
import type { KeyMaker } from '@ipsmgw/numbering'
import { type Policy, recipientRefusal } from '@ipsmgw/policy'
import type { Part } from '@ipsmgw/runtime'
import type { Logger, Registry } from '@ipsmgw/telemetry'
import { createHssRouting } from './app.ts'
import type { HssRoutingConfig } from './config.ts'
import { createDiameterQueries } from './diameter-queries.ts'
import { reported } from './report.ts'
import type { Queries } from './router.ts'

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
