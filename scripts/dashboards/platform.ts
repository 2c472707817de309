import { type Dashboard, heat, quantile, rate } from './grafana.ts'

export const pipeline: Dashboard = {
  name: 'pipeline',
  title: 'Pipeline (Kafka)',
  description:
    'The hops between the services: how old records are when they are handed over, how long publishing takes, what went wrong',
  rows: [
    {
      title: 'Hops',
      panels: [
        {
          title: 'Age of records at hand-over',
          description: 'Lag in time, all topics: from publishing to the consumer',
          unit: 's',
          kind: 'heatmap',
          queries: [[heat('ipsmgw_bus_lag_seconds'), '{{le}}']],
        },
        {
          title: 'Age at hand-over, p99 by topic',
          description:
            'All but one in a hundred records were handed over within this time. 5 s is when messages begin to miss their answer',
          unit: 's',
          threshold: 5,
          queries: [[quantile(0.99, 'ipsmgw_bus_lag_seconds', 'topic'), '{{topic}}']],
        },
        {
          title: 'Publishing, p99 by topic',
          description: 'From handing a record to the bus until it was durable',
          unit: 's',
          threshold: 1,
          queries: [[quantile(0.99, 'ipsmgw_bus_publish_seconds', 'topic'), '{{topic}}']],
        },
        {
          title: 'Records',
          description: 'Per second and topic: published, and handed over',
          unit: 'reqps',
          queries: [
            [rate('ipsmgw_bus_publish_seconds_count', 'topic'), 'published {{topic}}'],
            [rate('ipsmgw_bus_lag_seconds_count', 'topic'), 'handed over {{topic}}'],
          ],
        },
      ],
    },
    {
      title: 'Trouble',
      panels: [
        {
          title: 'Rebalances',
          description:
            'New assignments of partitions in five minutes, by service: a few with each start and stop, none else',
          unit: 'short',
          queries: [['sum by (service) (increase(ipsmgw_bus_rebalances_total{$m}[5m]))', '{{service}}']],
        },
        {
          title: 'Partitions per replica',
          description:
            'What each replica has of a group. 0 for all: nobody reads; 0 for some: more replicas than partitions',
          unit: 'short',
          queries: [['sum by (group, instance) (ipsmgw_bus_partitions{$m})', '{{group}} {{instance}}']],
        },
        {
          title: 'Clocks',
          description:
            'By how much the clock of a sender is ahead, at least, as each instance sees it in the records it is handed',
          unit: 's',
          threshold: 0.5,
          queries: [
            ['max by (service, instance) (ipsmgw_bus_clock_ahead_seconds{$m})', '{{service}} {{instance}}'],
          ],
        },
        {
          title: 'Records that failed',
          description: 'Records whose handler gave up, and records that could not be read, per second',
          unit: 'reqps',
          queries: [
            [rate('ipsmgw_bus_handler_failures_total', 'topic'), 'handler {{topic}}'],
            [rate('ipsmgw_bus_unreadable_total', 'topic'), 'unreadable {{topic}}'],
          ],
        },
        {
          title: 'Dead letters',
          description: 'Written, or lost because even that failed, per second',
          unit: 'reqps',
          queries: [[rate('ipsmgw_bus_dead_letters_total', 'result'), '{{result}}']],
        },
        {
          title: 'Messages in the message API',
          description: 'Completions that records keeps, per instance',
          unit: 'short',
          queries: [['sum by (instance) (ipsmgw_records_messages{$m})', '{{instance}}']],
        },
      ],
    },
  ],
}

export const capacity: Dashboard = {
  name: 'capacity',
  title: 'Capacity and scaling',
  description: 'Is there room: processors, event loop, memory, replicas, load per replica',
  rows: [
    {
      title: 'Replicas and load',
      panels: [
        {
          title: 'Replicas',
          description: 'Running instances by service and version',
          unit: 'short',
          queries: [['sum by (service, version) (ipsmgw_build_info{$m})', '{{service}} {{version}}']],
        },
        {
          title: 'Messages per replica',
          description:
            'Messages decided per second for each running correlation replica: the figure that capacity planning needs',
          unit: 'reqps',
          queries: [
            [
              'sum(rate(ipsmgw_messages_total{$m}[$__rate_interval])) / sum(ipsmgw_build_info{$m,service=~"correlation|standalone"})',
              'per replica',
            ],
          ],
        },
        {
          title: 'In flight, share of the window',
          description:
            'Records that each service works on, of those it may. At 1 it fetches nothing more until something is done',
          unit: 'percentunit',
          threshold: 0.9,
          queries: [
            [
              'sum by (service, instance) (ipsmgw_bus_in_flight{$m}) / sum by (service, instance) (ipsmgw_bus_window{$m})',
              '{{service}} {{instance}}',
            ],
          ],
        },
        {
          title: 'Processor',
          description: 'Cores in use per instance. One core is what one process can use',
          unit: 'short',
          threshold: 0.9,
          queries: [
            [
              'sum by (service, instance) (rate(process_cpu_seconds_total{$m}[$__rate_interval]))',
              '{{service}} {{instance}}',
            ],
          ],
        },
        {
          title: 'Event loop lag, p99',
          description:
            'How long work waits for the process itself. Above 0.2 s timers and heartbeats are late',
          unit: 's',
          threshold: 0.2,
          queries: [
            ['max by (service, instance) (nodejs_eventloop_lag_p99_seconds{$m})', '{{service}} {{instance}}'],
          ],
        },
      ],
    },
    {
      title: 'Memory and processes',
      panels: [
        {
          title: 'Resident memory',
          description: 'Per instance; the pod is killed at its limit',
          unit: 'bytes',
          queries: [
            ['sum by (service, instance) (process_resident_memory_bytes{$m})', '{{service}} {{instance}}'],
          ],
        },
        {
          title: 'Heap in use',
          description: 'Per instance; a saw-tooth is healthy, a ramp is a leak',
          unit: 'bytes',
          queries: [
            ['sum by (service, instance) (nodejs_heap_size_used_bytes{$m})', '{{service}} {{instance}}'],
          ],
        },
        {
          title: 'Garbage collection',
          description: 'Share of time spent in collections, per instance',
          unit: 'percentunit',
          queries: [
            [
              'sum by (service, instance) (rate(nodejs_gc_duration_seconds_sum{$m}[$__rate_interval]))',
              '{{service}} {{instance}}',
            ],
          ],
        },
        {
          title: 'Certificates',
          description: 'Time until the first certificate of each configured file expires',
          unit: 's',
          queries: [
            ['min by (service, file) (ipsmgw_certificate_expiry_seconds{$m})', '{{service}} {{file}}'],
          ],
        },
        {
          title: 'Restarts',
          description: 'Changes of the start time in an hour, per instance',
          unit: 'short',
          queries: [
            [
              'sum by (service, instance) (changes(process_start_time_seconds{$m}[1h]))',
              '{{service}} {{instance}}',
            ],
          ],
        },
      ],
    },
  ],
}

const bad =
  '(sum(rate(ipsmgw_sip_requests_total{$m,method="MESSAGE",class="5xx"}[W])) + sum(rate(ipsmgw_sip_facts_total{$m,fact="guardFired"}[W])))'
const all = 'clamp_min(sum(rate(ipsmgw_sip_requests_total{$m,method="MESSAGE"}[W])), 1e-9)'
const over = (window: string) => `${bad} / ${all}`.replaceAll('W', window)
const OBJECTIVE = 0.001

export const slo: Dashboard = {
  name: 'slo',
  title: 'Service level objectives',
  description:
    "Availability 99.9 % over 30 days: an answer of our own making (5xx, or an answer in correlation's place) is an error, an absent phone is not",
  rows: [
    {
      title: 'Availability',
      panels: [
        {
          title: 'Errors of our own making',
          description: 'Share of MESSAGE requests; the objective allows one in a thousand',
          unit: 'percentunit',
          threshold: OBJECTIVE,
          queries: [[over('$__rate_interval'), 'errors']],
        },
        {
          title: 'Burn rate',
          description:
            'How many times faster than allowed the error budget is used. 14.4 over an hour pages at once, 6 over six hours pages',
          unit: 'short',
          threshold: 14.4,
          queries: [
            [`(${over('1h')}) / ${OBJECTIVE}`, '1 h'],
            [`(${over('6h')}) / ${OBJECTIVE}`, '6 h'],
            [`(${over('3d')}) / ${OBJECTIVE}`, '3 d'],
          ],
        },
        {
          title: 'Budget left, 30 days',
          description: 'Share of the error budget that is left; below 0 the objective is missed',
          unit: 'percentunit',
          kind: 'stat',
          queries: [[`1 - (${over('30d')}) / ${OBJECTIVE}`, 'left']],
        },
        {
          title: 'Outcome unknown',
          description: 'Share of decided messages of which nobody can say whether they arrived',
          unit: 'percentunit',
          threshold: 0.01,
          queries: [
            [
              'sum(rate(ipsmgw_messages_total{$m,outcome="unknown"}[$__rate_interval])) / clamp_min(sum(rate(ipsmgw_messages_total{$m}[$__rate_interval])), 1e-9)',
              'unknown',
            ],
          ],
        },
      ],
    },
    {
      title: 'Latency of the gateway itself',
      panels: [
        {
          title: 'Hops within 0.25 s',
          description: 'Share of records that were handed over within 0.25 s; what phones take is not in it',
          unit: 'percentunit',
          width: 24,
          queries: [
            [
              'sum(rate(ipsmgw_bus_lag_seconds_bucket{$m,le="0.25"}[$__rate_interval])) / clamp_min(sum(rate(ipsmgw_bus_lag_seconds_count{$m}[$__rate_interval])), 1e-9)',
              'within 0.25 s',
            ],
          ],
        },
      ],
    },
  ],
}
