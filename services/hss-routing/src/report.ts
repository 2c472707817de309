import {
  type AboutMessage,
  counter,
  histogram,
  type Logger,
  messageFields,
  NETWORK_BUCKETS_SECONDS,
  type Registry,
} from '@ipsmgw/telemetry'
import type { AlertsDependencies } from './alerts.ts'
import type { OriginatorsDependencies } from './originators.ts'
import type { Refusal, RouteQuery } from './router.ts'
import type { ShQueries } from './sh/sh-client.ts'
import type { StatusReporterDependencies } from './status-reporter.ts'

const QUERIES = ['resolve', 'route'] as const
const RESULTS = ['answered', 'refused'] as const

/** Gives queries their metrics and log lines: each with its outcome and duration. */
export interface QueryReport {
  route(query: RouteQuery): RouteQuery
  sh(queries: ShQueries): ShQueries
}

export function createQueryReport({
  registry,
  logger,
  now,
}: {
  registry: Registry
  logger: Logger
  now(): number
}): QueryReport {
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
  const reported = async <T extends { readonly kind: string }>(
    query: (typeof QUERIES)[number],
    ask: () => Promise<T | Refusal>,
    message?: AboutMessage,
  ): Promise<T | Refusal> => {
    const startedAtMs = now()
    const answer = await ask()
    const durationMs = now() - startedAtMs
    const refused = isRefusal(answer)
    durations.observe({ query, result: refused ? 'refused' : 'answered' }, durationMs / 1000)
    if (refused) {
      const { cause, detail } = answer
      causes.inc({ query, cause })
      const about = message === undefined ? {} : messageFields(message)
      logger.debug({ ...about, query, cause, detail, durationMs }, 'query refused')
    }
    return answer
  }
  return {
    route: (query) => (target, budgetMs, message) =>
      reported('route', () => query(target, budgetMs), message),
    sh: (queries) => ({
      read: (question, budgetMs) => reported('resolve', () => queries.read(question, budgetMs)),
      subscribe: (question, host, untilMs) => queries.subscribe(question, host, untilMs),
    }),
  }
}

const HOME_ANSWERS = ['number', 'barred', 'no-number', 'unknown-user', 'failed'] as const

/** Every sender that the HSS was asked about. */
export function createOriginatorReport({
  registry,
  logger,
}: {
  registry: Registry
  logger: Logger
}): OriginatorsDependencies['askedHome'] {
  const senders = counter(
    registry,
    'ipsmgw_routing_senders_total',
    'Senders without a number that the HSS was asked about, by what it told; but for number the policy has the word',
    { answer: HOME_ANSWERS },
  )
  return (answer, message) => {
    senders.inc({ answer })
    if (answer !== 'number')
      logger.debug({ interface: 'sh', ...messageFields(message), answer }, 'no number of the sender')
  }
}

function isRefusal(answer: { readonly kind: string } | Refusal): answer is Refusal {
  return answer.kind === 'refused'
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
  return (result, outcome, detail) => {
    const { home } = outcome
    reports.inc({ protocol: home.protocol, result })
    const fields = { interface: home.protocol, ...messageFields(outcome), result, detail }
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
