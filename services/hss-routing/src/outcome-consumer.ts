import { setTimeout as delay } from 'node:timers/promises'
import { type Bus, type Consumer, on } from '@ipsmgw/bus'
import { smOutcome } from '@ipsmgw/events'
import {
  StatusReporter,
  type StatusReporterDependencies,
  type StatusReporterOptions,
} from './status-reporter.ts'

export interface OutcomeConsumerOptions extends StatusReporterOptions {
  readonly maximumInFlight: number
}

export interface OutcomeConsumerDependencies
  extends Pick<StatusReporterDependencies, 'queries' | 'now' | 'reported'> {
  readonly bus: Bus
}

/** Reads `sm.outcome` apart from the messages under way, so that a slow HSS delays a report and nothing else. */
export async function consumeOutcomes(
  options: OutcomeConsumerOptions,
  dependencies: OutcomeConsumerDependencies,
): Promise<Consumer> {
  const { bus } = dependencies
  const stopping = new AbortController()
  const reporter = new StatusReporter(options, {
    ...dependencies,
    wait: (delayMs) => delay(delayMs, undefined, { signal: stopping.signal }).catch(() => {}),
    draining: () => stopping.signal.aborted,
    giveBack: (outcome) => bus.publish(smOutcome, outcome),
  })
  const consumer = await bus.consume({
    group: 'hss-routing-outcomes',
    mode: 'at-least-once',
    maximumInFlight: options.maximumInFlight,
    subscriptions: [on(smOutcome, ({ value }) => reporter.handle(value))],
  })
  return {
    close() {
      stopping.abort()
      return consumer.close()
    },
  }
}
