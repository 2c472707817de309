import type { MessageCompleted } from '@ipsmgw/events'
import {
  type AboutMessage,
  counter,
  gauge,
  type Logger,
  messageFields,
  NETWORK_BUCKETS_SECONDS,
  type Registry,
  rateLimited,
  SpanAttribute,
  startSpan,
  tracedHistogram,
  traceparentHere,
} from '@ipsmgw/telemetry'

/** What happened, for counters and logs. */
export interface CorrelatorReport {
  decided(completed: MessageCompleted): void
  amended(completed: MessageCompleted): void
  joined(messageId: string): void
  orphanExpired(message: AboutMessage): void
  publishFailed(error: unknown, message: AboutMessage): void
}

const OUTCOMES = ['delivered', 'failed', 'unknown'] as const

export function createCorrelatorReport(registry: Registry, logger: Logger): CorrelatorReport {
  const decisions = counter(registry, 'ipsmgw_messages_total', 'Messages decided, by outcome', {
    outcome: OUTCOMES,
  })
  const causes = counter(registry, 'ipsmgw_message_causes_total', 'Messages decided, by cause', {
    cause: [] as string[],
  })
  const durations = tracedHistogram(
    registry,
    'ipsmgw_message_seconds',
    'Arrival to decision, by outcome',
    { outcome: OUTCOMES },
    NETWORK_BUCKETS_SECONDS,
  )
  const amendments = counter(
    registry,
    'ipsmgw_message_amendments_total',
    'Late results, by what they showed',
    {
      outcome: OUTCOMES,
    },
  )
  const facts = counter(registry, 'ipsmgw_correlation_facts_total', 'Things worth counting at correlation', {
    fact: ['joined', 'orphanExpired', 'publishFailed'],
  })
  const warn = rateLimited((fields, sentence) => logger.warn(fields, sentence))
  return {
    decided(completed: MessageCompleted) {
      const { outcome, cause } = completed
      const durationMs = completed.decidedAtMs - completed.receivedAtMs
      decisions.inc({ outcome })
      causes.inc({ cause })
      const traceId = traceDecision(completed)
      durations.observe({ outcome }, durationMs / 1000, traceId)
      logger.debug(
        { ...messageFields(completed), outcome, cause, status: completed.final.status, durationMs },
        'message decided',
      )
    },
    amended(amendment) {
      const { outcome, cause } = amendment
      amendments.inc({ outcome })
      logger.debug({ ...messageFields(amendment), outcome, cause }, 'late result')
    },
    joined: () => facts.inc({ fact: 'joined' }),
    orphanExpired(message) {
      facts.inc({ fact: 'orphanExpired' })
      warn(messageFields(message), 'reports of a message that was never received here')
    },
    publishFailed(error, message) {
      facts.inc({ fact: 'publishFailed' })
      warn({ ...messageFields(message), err: error }, 'decision could not be put on the bus')
    },
  }
}

/** What is undecided, read when somebody looks. */
export function createCorrelatorGauges(
  registry: Registry,
  correlator: { readonly openCount: number; oldestOpenMs(): number | undefined },
): void {
  gauge(registry, 'ipsmgw_open_messages', 'Messages without a decision', () => correlator.openCount)
  gauge(registry, 'ipsmgw_oldest_open_message_seconds', 'Age of the oldest of them; 0 without any', () => {
    const since = correlator.oldestOpenMs()
    return since === undefined ? 0 : (Date.now() - since) / 1000
  })
}

/** The decision in the trace of its message: tail sampling goes by it. The id of the trace, if it is recorded. */
function traceDecision({
  messageId,
  outcome,
  cause,
  parts,
  traceparent,
}: MessageCompleted): string | undefined {
  const span = startSpan('decide', {
    kind: 'internal',
    parent: traceparentHere(traceparent),
    attributes: () => ({
      [SpanAttribute.messageId]: messageId,
      [SpanAttribute.outcome]: outcome,
      [SpanAttribute.cause]: cause,
      [SpanAttribute.parts]: parts,
    }),
  })
  span.end(outcome === 'delivered' ? undefined : cause)
  return span.traceId
}
