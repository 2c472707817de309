import { counter, histogram, type Logger, NETWORK_BUCKETS_SECONDS, type Registry } from '@ipsmgw/telemetry'
import type { Queries, Refusal } from './router.ts'

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
