import {
  Counter,
  collectDefaultMetrics,
  Gauge,
  Histogram,
  Registry as Metrics,
  type OpenMetricsContentType,
} from 'prom-client'

export { Counter, Gauge, Histogram }

/** All metrics of a process, told as OpenMetrics: the form that carries exemplars. */
export type Registry = Metrics<OpenMetricsContentType>

/** Closed list of values per label: series exist from the start, and nothing a peer sends can add one. */
export type LabelValues = Readonly<Record<string, readonly string[]>>

/** Buckets inside the gateway, seconds; 0.08 is the goal for its own share. */
export const INTERNAL_BUCKETS_SECONDS = [
  0.001, 0.0025, 0.005, 0.01, 0.015, 0.025, 0.05, 0.08, 0.15, 0.3, 1, 2.5,
]

/** Buckets towards the network, seconds: 1.5 and 4 are the HSS's limits, 25 is answerBy, 32 is Timer F. */
export const NETWORK_BUCKETS_SECONDS = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 1.5, 2, 4, 8, 12, 16, 20, 25, 30, 32,
]

/** A registry with the process's own metrics and `ipsmgw_build_info`. One per process. */
export function createRegistry(service: string, version: string): Registry {
  const registry = new Metrics<OpenMetricsContentType>()
  registry.setContentType(Metrics.OPENMETRICS_CONTENT_TYPE)
  registry.setDefaultLabels({ service })
  collectDefaultMetrics({ register: registry })
  new Gauge({
    name: 'ipsmgw_build_info',
    help: 'Always 1; says which version runs',
    labelNames: ['version', 'node'],
    registers: [registry],
  }).set({ version, node: process.version }, 1)
  return registry
}

/** A counter whose series all exist at 0, so that rate() sees the first event. Name must end in `_total`. */
export function counter<L extends LabelValues>(
  registry: Registry,
  name: `ipsmgw_${string}_total`,
  help: string,
  labels: L,
): Counter<keyof L & string> {
  const metric = new Counter({ name, help, labelNames: Object.keys(labels), registers: [registry] })
  for (const combination of combinations(labels)) metric.inc(combination, 0)
  return metric as Counter<keyof L & string>
}

export function gauge(
  registry: Registry,
  name: `ipsmgw_${string}`,
  help: string,
  collect?: () => number,
): Gauge {
  return new Gauge({
    name,
    help,
    registers: [registry],
    ...(collect !== undefined && {
      collect(this: Gauge) {
        this.set(collect())
      },
    }),
  })
}

export function histogram<L extends LabelValues>(
  registry: Registry,
  name: `ipsmgw_${string}_seconds`,
  help: string,
  labels: L,
  buckets: readonly number[],
): Histogram<keyof L & string> {
  const metric = new Histogram({
    name,
    help,
    labelNames: Object.keys(labels),
    buckets: [...buckets],
    registers: [registry],
  })
  for (const combination of combinations(labels)) metric.zero(combination)
  return metric as Histogram<keyof L & string>
}

/** A histogram whose observations may name the trace they belong to. */
export interface TracedHistogram<L extends string> {
  observe(labels: Readonly<Record<L, string>>, value: number, traceId: string | undefined): void
}

/** The same with exemplars: each bucket remembers the trace of its last observation that had one. */
export function tracedHistogram<L extends LabelValues>(
  registry: Registry,
  name: `ipsmgw_${string}_seconds`,
  help: string,
  labels: L,
  buckets: readonly number[],
): TracedHistogram<keyof L & string> {
  const metric = new Histogram<string>({
    name,
    help,
    labelNames: Object.keys(labels),
    buckets: [...buckets],
    registers: [registry],
    enableExemplars: true,
  })
  for (const combination of combinations(labels)) metric.zero(combination)
  return {
    observe: (labels, value, traceId) =>
      metric.observe({
        labels,
        value,
        ...(traceId !== undefined && { exemplarLabels: { trace_id: traceId } }),
      }),
  }
}

function combinations(labels: LabelValues): Record<string, string>[] {
  return Object.entries(labels).reduce<Record<string, string>[]>(
    (rows, [label, values]) => rows.flatMap((row) => values.map((value) => ({ ...row, [label]: value }))),
    [{}],
  )
}
