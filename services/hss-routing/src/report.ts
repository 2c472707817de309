import { counter, histogram, type Logger, NETWORK_BUCKETS_SECONDS, type Registry } from '@ipsmgw/telemetry'
import type { AlertsDependencies } from './alerts.ts'
import type { Queries, Refusal } from './router.ts'
import type { StatusReporterDependencies } from './status-reporter.ts'

const QUERIES = ['resolve', 'route'] as const
const RESULTS = ['answered', 'refused'] as const

/** The same queries, each with its outcome and duration as counter, histogram and log line. */
export function reported(
  queries: Queries,
  { registry, logger, now }: { registry: Registry; logger: Logger; now(): number },
): Queries {
  const durations = histogram(
    registry,
    'ipsmgw_routing_query_seconds',
    'One question to the HSS and its answer, by question and result',
    { query: QUERIES, result: RESULTS },
    NETWORK_BUCKETS_SECONDS,
  )
  const causes = counter(
    registry,
    'ipsmgw_routing_failures_total',
    'Questions refused or unanswered, by cause',
    {
      query: QUERIES,
      cause: [] as string[],
    },
  )
  const report = (query: (typeof QUERIES)[number], startedAtMs: number, refusal: Refusal | undefined) => {
    const durationMs = now() - startedAtMs
    durations.observe({ query, result: refusal === undefined ? 'answered' : 'refused' }, durationMs / 1000)
    if (refusal === undefined) return
    const { cause, detail } = refusal
    causes.inc({ query, cause })
    logger.debug({ query, cause, detail, durationMs }, 'query refused')
  }
  return {
    async resolve(publicIdentity, budgetMs) {
      const startedAtMs = now()
      const answer = await queries.resolve(publicIdentity, budgetMs)
      report('resolve', startedAtMs, answer.kind === 'refused' ? answer : undefined)
      return answer
    },
    async route(number, budgetMs) {
      const startedAtMs = now()
      const answer = await queries.route(number, budgetMs)
      report('route', startedAtMs, answer.kind === 'refused' ? answer : undefined)
      return answer
    },
  }
}

const REPORT_RESULTS = ['done', 'list-full', 'refused', 'again', 'given-up'] as const
const PROTOCOLS = ['s6c', 'map'] as const

/** Every attempt to tell the home network how a delivery ended. */
export function createStatusReport({
  registry,
  logger,
}: {
  registry: Registry
  logger: Logger
}): StatusReporterDependencies['reported'] {
  const reports = counter(
    registry,
    'ipsmgw_routing_reports_total',
    'Outcomes reported to HSS or HLR, by protocol and result; again and given-up were not taken',
    { protocol: PROTOCOLS, result: REPORT_RESULTS },
  )
  return (result, { home, messageId }, detail) => {
    reports.inc({ protocol: home.protocol, result })
    const fields = { interface: home.protocol, messageId, result, detail }
    if (result === 'given-up' || result === 'refused')
      logger.warn(fields, 'the home network was not told an outcome')
    else logger.debug(fields, 'outcome for the home network')
  }
}

const VERDICTS = ['taken', 'repeated', 'other-service-centre', 'nobody'] as const

/** Every alert that could be read. */
export function createAlertReport({
  registry,
  logger,
}: {
  registry: Registry
  logger: Logger
}): AlertsDependencies['alerted'] {
  const alerts = counter(
    registry,
    'ipsmgw_routing_alerts_total',
    'Alerts of HSS, HLR and serving nodes, by protocol and what was made of them',
    { protocol: PROTOCOLS, verdict: VERDICTS },
  )
  return (protocol, verdict) => {
    alerts.inc({ protocol, verdict })
    logger.debug({ interface: protocol, verdict }, 'alert')
  }
}
