import type { ServingNode } from '@ipsmgw/events'
import {
  type AboutMessage,
  counter,
  gauge,
  histogram,
  type Logger,
  messageFields,
  NETWORK_BUCKETS_SECONDS,
  type Registry,
} from '@ipsmgw/telemetry'
import { type ForwardResult, nodeName } from './forwarder.ts'
import type { Hold, NodeGateDependencies } from './node-gate.ts'

const RESULTS = ['delivered', 'refused', 'not-sent', 'unknown'] as const
const HOLDS = ['in-flight', 'rate', 'breaker'] as const satisfies readonly Hold[]
const KINDS = ['msc', 'mme', 'sgsn', 'smsf'] as const

/** One part has an outcome: counter, duration and log line together. */
export function createForwardReport(
  registry: Registry,
  logger: Logger,
): (message: AboutMessage, node: ServingNode, result: ForwardResult, durationMs: number) => void {
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
  return (message, node, result, durationMs) => {
    durations.observe({ node: node.kind, result: result.kind }, durationMs / 1000)
    if (result.kind === 'delivered') return
    const cause = result.kind === 'unknown' ? 'outcomeUnknown' : result.cause
    causes.inc({ cause })
    logger.debug(
      { ...messageFields(message), peer: nodeName(node), result: result.kind, cause, detail: result.detail },
      'part not delivered',
    )
  }
}

/** Parts that a bound or a breaker held back, and nodes that are left alone. */
export function createGateReport(registry: Registry, logger: Logger): Omit<NodeGateDependencies, 'now'> {
  const holds = counter(
    registry,
    'ipsmgw_forward_held_total',
    'Parts not let through to their serving node, by what held them',
    { hold: HOLDS },
  )
  const left = new Set<string>()
  gauge(registry, 'ipsmgw_forward_breakers_open', 'Serving nodes that are left alone', () => left.size)
  return {
    held(message, node, hold) {
      holds.inc({ hold })
      logger.debug({ ...messageFields(message), peer: node, hold }, 'part held back')
    },
    breakerChanged(node, open) {
      if (open) left.add(node)
      else left.delete(node)
      if (open) logger.warn({ peer: node }, 'serving node has gone silent and is left alone')
      else logger.info({ peer: node }, 'serving node answers again')
    },
  }
}
