import type { Bus } from '@ipsmgw/bus'
import type { DiameterPart } from '@ipsmgw/diameter'
import { recipientAvailable } from '@ipsmgw/events'
import type { KeyMaker } from '@ipsmgw/numbering'
import type { Policy } from '@ipsmgw/policy'
import type { Part } from '@ipsmgw/runtime'
import type { SigtranPart } from '@ipsmgw/sigtran'
import type { Logger, Registry } from '@ipsmgw/telemetry'
import { Alerts } from './alerts.ts'
import { createHssRouting } from './app.ts'
import type { HssRoutingConfig } from './config.ts'
import { createDiameterStatus } from './diameter-status.ts'
import { createMapRouting } from './map-routing.ts'
import { createMapStatus } from './map-status.ts'
import type { OutcomeConsumerDependencies } from './outcome-consumer.ts'
import type { RecipientsDependencies } from './recipients.ts'
import {
  createAlertReport,
  createOriginatorReport,
  createQueryReport,
  createStatusReport,
  type QueryReport,
} from './report.ts'
import type { RouteQuery } from './router.ts'
import { inOrder } from './routing-order.ts'
import { createS6cRouting } from './s6c-routing.ts'
import { servePushes } from './sh/push-handler.ts'
import { createShReport } from './sh/report.ts'
import { ShClient } from './sh/sh-client.ts'
import { Users } from './sh/users.ts'

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
  const {
    reportMaximumAgeMs: maximumAgeMs,
    maximumInFlight,
    withoutNumber,
    hssId,
    protocols,
    tellSender,
  } = config.routing
  const outcomes = { ...REPORT_PAUSES, maximumAgeMs, maximumInFlight }
  return createHssRouting(
    {
      ...config.routing,
      outcomes,
      recipients: {
        withoutNumber,
        ...(hssId !== undefined && { hssId }),
        always: protocols.includes('sh'),
      },
      originators: { tellSender },
    },
    {
      ...{ bus, keys, now, policy, askedHome: createOriginatorReport(telemetry) },
      ...queries,
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

/** What the network answers to the questions of step 8. */
export interface Queries extends Pick<RecipientsDependencies, 'user'> {
  readonly route: RouteQuery
}

/**
 * The queries as configured, with their metrics; changes of users that the HSS tells of are served. Throws RangeError
 * for a protocol without its leg, which `checkProtocols` refuses.
 */
export function buildQueries(
  { routing }: Pick<HssRoutingConfig, 'routing'>,
  legs: Legs,
  telemetry: Pick<HssRoutingSurroundings, 'registry' | 'logger'>,
): Queries {
  const report = createQueryReport({ ...telemetry, now: Date.now })
  const users = buildUsers(routing, legs.diameter.node, report, telemetry)
  return {
    user: (question, budgetMs) => users.lookup(question, budgetMs),
    route: report.route(routeOver(routing, legs)),
  }
}

function buildUsers(
  routing: HssRoutingConfig['routing'],
  node: Legs['diameter']['node'],
  report: QueryReport,
  { registry, logger }: Pick<HssRoutingSurroundings, 'registry' | 'logger'>,
): Users {
  const { hssRealm, attemptMs, budgetMs, sh, withoutNumber } = routing
  const { cacheEntries, cacheMs, negativeCacheMs, subscribe, subscriptionMs, userState } = sh
  const client = new ShClient(node, {
    ...{ hssRealm, attemptMs, budgetMs, userState },
    imsi: withoutNumber === 'imsi',
  })
  const shReport = createShReport(registry, logger, () => users.size)
  const users: Users = new Users(
    {
      maximumEntries: cacheEntries,
      ttlMs: cacheMs,
      negativeTtlMs: negativeCacheMs,
      ...(subscribe && { subscriptionMs }),
    },
    { sh: report.sh(client), report: shReport, now: Date.now },
  )
  servePushes(node, users, shReport.pushed)
  return users
}

/** One question over the protocols as configured. */
function routeOver(routing: HssRoutingConfig['routing'], { diameter, sigtran }: Legs): RouteQuery {
  const settings = { ...routing, smsf: routing.preference.includes('smsf') }
  const overS6c = createS6cRouting(diameter.node, { ...settings, originHost: diameter.originHost })
  if (routing.protocols.every((protocol) => protocol === 's6c')) return overS6c
  if (sigtran === undefined) throw new RangeError('routing over MAP needs a SIGTRAN side')
  const ownNumbers = [...routing.ownNumbers, sigtran.globalTitle]
  const overMap = createMapRouting(sigtran.map, { ...settings, ownNumbers })
  const ordered = inOrder(routing.protocols.map((protocol) => (protocol === 'map' ? overMap : overS6c)))
  if (routing.protocols.includes('sh'))
    return (target, budgetMs) => (target.unknownToHss === true ? overMap : overS6c)(target, budgetMs)
  // MAP knows nobody without a number: there is nothing to ask in order.
  const numberless = routing.protocols.includes('s6c') ? overS6c : overMap
  return (target, budgetMs) => (target.number === undefined ? numberless : ordered)(target, budgetMs)
}
