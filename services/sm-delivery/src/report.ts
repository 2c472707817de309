import type { ServingNode } from '@ipsmgw/events'
import { counter, histogram, type Logger, NETWORK_BUCKETS_SECONDS, type Registry } from '@ipsmgw/telemetry'
import { type ForwardResult, nodeName } from './forwarder.ts'

const RESULTS = ['delivered', 'refused', 'not-sent', 'unknown'] as const
const KINDS = ['msc', 'mme', 'sgsn', 'smsf'] as const

/** One part has an outcome: counter, duration and log line together. */
export function createForwardReport(
  registry: Registry,
  logger: Logger,
): (node: ServingNode, result: ForwardResult, durationMs: number) => void {
  const durations = histogram(
    registry,
    'ipsmgw_forward_seconds',
    'One SMS part to a serving node and its answer, by kind of node and result',
    { node: KINDS, result: RESULTS },
    NETWORK_BUCKETS_SECONDS,
  )
  const causes = counter(
    registry,
    'ipsmgw_forward_failures_total',
    'Parts that were not delivered, by cause',
    {
      cause: [] as string[],
    },
  )
  return (node, result, durationMs) => {
    durations.observe({ node: node.kind, result: result.kind }, durationMs / 1000)
    if (result.kind === 'delivered') return
    const cause = result.kind === 'unknown' ? 'outcomeUnknown' : result.cause
    causes.inc({ cause })
    logger.debug(
      { peer: nodeName(node), result: result.kind, cause, detail: result.detail },
      'part not delivered',
    )
  }
}
