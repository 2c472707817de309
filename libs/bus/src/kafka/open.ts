import { hostname } from 'node:os'
import { deadLetter, TOPICS } from '@ipsmgw/events'
import { gauge, type Logger, type Registry, rateLimited } from '@ipsmgw/telemetry'
import type { Bus } from '../bus.ts'
import { createBusReport } from '../report.ts'
import type { KafkaSettings } from './config.ts'
import { KafkaBus } from './kafka-bus.ts'

export interface KafkaOwner {
  readonly registry: Registry
  readonly logger: Logger
  fatal(error: unknown): void
}

/** The bus as a part of a process: connected first, closed last. */
export interface KafkaPart {
  readonly name: 'kafka'
  readonly bus: Bus
  start(): Promise<void>
  stop(): Promise<void>
  missing(): string | undefined
}

/** A service's bus on Kafka, with its metrics, log lines and dead letters. */
export function createKafkaPart(settings: KafkaSettings, service: string, owner: KafkaOwner): KafkaPart {
  const warn = rateLimited((fields, sentence) => owner.logger.warn(fields, sentence))
  const bus: KafkaBus = new KafkaBus(settings, {
    clientId: `ipsmgw-${service}-${hostname()}`,
    now: Date.now,
    log: (sentence, error) => warn({ what: sentence, error }, 'Kafka client complains'),
    events: createBusReport({
      ...owner,
      service,
      now: Date.now,
      publishDeadLetter: (letter) => bus.publish(deadLetter, letter),
      fatal: (error) => owner.fatal(error),
    }),
  })
  const { registry } = owner
  gauge(registry, 'ipsmgw_bus_in_flight', 'Records handed over and not done', () => bus.load().inFlight)
  gauge(registry, 'ipsmgw_bus_window', 'Records that may be in flight', () => bus.load().window)
  return {
    name: 'kafka',
    bus,
    start: () => bus.connect(TOPICS),
    stop: () => bus.close(),
    missing() {
      const { ready, detail } = bus.health()
      return ready ? undefined : detail
    },
  }
}
