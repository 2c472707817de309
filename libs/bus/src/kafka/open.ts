import { hostname } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
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

const TRY_AGAIN_AFTER_MS = 2_000

/**
 * A service's bus on Kafka, with its metrics, log lines and dead letters. While the brokers do not serve it, it is not
 * ready and tries again: a restart would not make a wrong password right, and the other way round it needs none.
 */
export function createKafkaPart(settings: KafkaSettings, service: string, owner: KafkaOwner): KafkaPart {
  let lacking: string | undefined = 'not connected to Kafka'
  const warn = rateLimited((fields, sentence) => owner.logger.warn(fields, sentence))
  const bus: KafkaBus = new KafkaBus(settings, {
    clientId: `ipsmgw-${service}-${hostname()}`,
    now: Date.now,
    // Until it is connected one sentence tells it all.
    log: (sentence, error) => {
      if (lacking === undefined) warn({ what: sentence, error }, 'Kafka client complains')
    },
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
    async start() {
      while (lacking !== undefined)
        try {
          await bus.connect(TOPICS)
          lacking = undefined
        } catch (error) {
          const { message } = error as Error
          if (message !== lacking)
            owner.logger.error({ reason: message }, 'Kafka cannot be used, trying again')
          lacking = message
          await delay(TRY_AGAIN_AFTER_MS)
        }
    },
    stop: () => bus.close(),
    missing() {
      if (lacking !== undefined) return lacking
      const { ready, detail } = bus.health()
      return ready ? undefined : detail
    },
  }
}
