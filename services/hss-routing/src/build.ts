import type { Bus } from '@ipsmgw/bus'
import type { DiameterPart } from '@ipsmgw/diameter'
import { recipientAvailable } from '@ipsmgw/events'
import type { KeyMaker } from '@ipsmgw/numbering'
import { type Policy, recipientRefusal } from '@ipsmgw/policy'
import type { Part } from '@ipsmgw/runtime'
import type { SigtranPart } from '@ipsmgw/sigtran'
import type { Logger, Registry } from '@ipsmgw/telemetry'
import { Alerts } from './alerts.ts'
import { createHssRouting } from './app.ts'
import type { HssRoutingConfig } from './config.ts'
import { createDiameterQueries } from './diameter-queries.ts'
import { createDiameterStatus } from './diameter-status.ts'
import { createMapRouting } from './map-routing.ts'
import { createMapStatus } from './map-status.ts'
import type { OutcomeConsumerDependencies } from './outcome-consumer.ts'
import { createAlertReport, createStatusReport, reported } from './report.ts'
import type { Queries, RouteQuery } from './router.ts'
import { inOrder } from './routing-order.ts'

export interface HssRoutingSurroundings {
  readonly bus: Bus
  readonly keys: KeyMaker
  readonly queries: Queries
  readonly statuses: StatusQueries
  readonly registry: Registry
  readonly logger: Logger
  policy(): Policy
}

/** The service as configured, with its metrics and log lines. */
export function buildHssRouting(
  config: Pick<HssRoutingConfig, 'routing'>,
  surroundings: HssRoutingSurroundings,
): Part {
  const { bus, keys, queries, statuses, policy, ...telemetry } = surroundings
  const now = Date.now
  const { reportMaximumAgeMs: maximumAgeMs, maximumInFlight } = config.routing
  const outcomes = { ...REPORT_PAUSES, maximumAgeMs, maximumInFlight }
  return createHssRouting(
    { ...config.routing, outcomes },
    {
      ...{ bus, keys, now },
      serves: (number) => recipientRefusal(number, policy()) === undefined,
      queries: reported(queries, { ...telemetry, now }),
      outcomes: { queries: statuses, reported: createStatusReport(telemetry) },
    },
  )
}

/** Between attempts to report one outcome. */
const REPORT_PAUSES = { firstDelayMs: 1_000, maximumDelayMs: 60_000 } as const

/** How the home network is told, by protocol. */
export type StatusQueries = OutcomeConsumerDependencies['queries']

/** The reports as configured, over every leg that there is. */
export function buildStatusQueries(
  { routing }: Pick<HssRoutingConfig, 'routing'>,
  { diameter, sigtran }: Legs,
): StatusQueries {
  return {
    s6c: createDiameterStatus(diameter.node, routing),
    ...(sigtran !== undefined && { map: createMapStatus(sigtran.map, routing) }),
  }
}

/** Where alerts go; `serveAlerts` and `mapAlertHandlers` bring them. */
export function buildAlerts(
  { routing }: Pick<HssRoutingConfig, 'routing'>,
  { bus, keys, ...telemetry }: Pick<HssRoutingSurroundings, 'bus' | 'keys' | 'registry' | 'logger'>,
): Alerts {
  return new Alerts(routing, {
    keys,
    now: Date.now,
    publish: (available) => bus.publish(recipientAvailable, available),
    alerted: createAlertReport(telemetry),
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
