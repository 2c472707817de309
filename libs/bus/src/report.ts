import { type DeadLetter, EventError, TOPICS } from '@ipsmgw/events'
import {
  counter,
  Gauge,
  gauge,
  histogram,
  INTERNAL_BUCKETS_SECONDS,
  type Logger,
  maskDigits,
  messageFields,
  NETWORK_BUCKETS_SECONDS,
  type Registry,
  rateLimited,
} from '@ipsmgw/telemetry'
import type { BusEvents, RecordId } from './bus.ts'
import { ClockSkew } from './clock-skew.ts'

/** Scrapes are far closer together. */
const SKEW_WINDOW_MS = 300_000

export interface BusReportDependencies {
  readonly registry: Registry
  readonly logger: Logger
  /** Name of the service in dead letters. */
  readonly service: string
  now(): number
  publishDeadLetter(letter: DeadLetter): Promise<void>
  fatal(error: Error): void
}

/** What the bus tells its owner, as metrics and log lines; what cannot be read or handled becomes a dead letter. */
export function createBusReport(dependencies: BusReportDependencies): BusEvents {
  const { registry, logger, now, publishDeadLetter } = dependencies
  const topic = TOPICS.map(({ name }) => name)
  const publishing = histogram(
    registry,
    'ipsmgw_bus_publish_seconds',
    'A record handed to the bus until it was durable, by topic',
    { topic },
    INTERNAL_BUCKETS_SECONDS,
  )
  const waiting = histogram(
    registry,
    'ipsmgw_bus_lag_seconds',
    'Age of a record when it was handed over, by topic',
    { topic },
    NETWORK_BUCKETS_SECONDS,
  )
  const failures = counter(registry, 'ipsmgw_bus_handler_failures_total', 'Records whose handler threw', {
    topic,
  })
  const unreadable = counter(registry, 'ipsmgw_bus_unreadable_total', 'Records that could not be read', {
    topic,
  })
  const letters = counter(registry, 'ipsmgw_bus_dead_letters_total', 'Dead letters, by what became of them', {
    result: ['written', 'lost'],
  })
  const rebalances = counter(registry, 'ipsmgw_bus_rebalances_total', 'New assignments of partitions', {})
  const partitions = new Gauge({
    name: 'ipsmgw_bus_partitions',
    help: 'Partitions that this replica has in a group',
    labelNames: ['group'],
    registers: [registry],
  })
  const skew = new ClockSkew(SKEW_WINDOW_MS, now)
  gauge(
    registry,
    'ipsmgw_bus_clock_ahead_seconds',
    'By how much a clock that stamps records is ahead of this one, at least; of the last minutes',
    () => skew.aheadMs / 1000,
  )
  const fail = rateLimited((fields, sentence) => logger.error(fields, sentence))
  const write = (record: RecordId, error: unknown) =>
    publishDeadLetter(letterOf(record, error, dependencies.service, now())).then(
      () => letters.inc({ result: 'written' }),
      (fault: unknown) => {
        letters.inc({ result: 'lost' })
        fail({ ...fieldsOf(record), err: fault }, 'dead letter could not be written')
      },
    )
  return {
    published: (name, durationMs) => publishing.observe({ topic: name }, durationMs / 1000),
    consumed(name, lagMs) {
      skew.saw(lagMs)
      waiting.observe({ topic: name }, Math.max(0, lagMs) / 1000)
    },
    handlerFailed(record, error) {
      failures.inc({ topic: record.topic })
      fail({ ...fieldsOf(record), err: error }, 'record handler failed')
      return write(record, error)
    },
    unreadable(record, error) {
      unreadable.inc({ topic: record.topic })
      fail({ ...fieldsOf(record), err: error }, 'record cannot be read')
      return write(record, error)
    },
    rebalanced(group, count) {
      rebalances.inc({})
      partitions.set({ group }, count)
      logger.info({ group, partitions: count }, 'partitions assigned')
    },
    fatal: (error) => dependencies.fatal(error),
  }
}

function fieldsOf({ topic, partition, offset, lengthOctets, about }: RecordId) {
  return { topic, partition, offset, lengthOctets, ...(about !== undefined && messageFields(about)) }
}

function letterOf(record: RecordId, error: unknown, by: string, atMs: number): DeadLetter {
  const { topic, partition, lengthOctets } = record
  const isEventError = error instanceof EventError
  return {
    ...{ topic, partition, lengthOctets, by, atMs },
    offset: String(record.offset),
    code: isEventError ? error.code : error instanceof Error ? error.name.slice(0, 64) : 'unknown',
    // Only sentences that are known to quote no text.
    detail: isEventError ? maskDigits(error.message).slice(0, 256) : '',
  }
}
