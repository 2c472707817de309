import { type Bus, type Consumer, insist, on } from '@ipsmgw/bus'
import { smOutcome, smPrepared, smReports, smRouted } from '@ipsmgw/events'
import type { KeyMaker } from '@ipsmgw/numbering'
import type { Part } from '@ipsmgw/runtime'
import { Originators, type OriginatorsDependencies, type OriginatorsOptions } from './originators.ts'
import {
  consumeOutcomes,
  type OutcomeConsumerDependencies,
  type OutcomeConsumerOptions,
} from './outcome-consumer.ts'
import { Recipients, type RecipientsDependencies, type RecipientsOptions } from './recipients.ts'
import { type RouteQuery, Router, type RouterOptions } from './router.ts'

export interface HssRoutingOptions extends RouterOptions {
  readonly recipients: RecipientsOptions
  readonly originators: OriginatorsOptions
  readonly maximumInFlight: number
  /** Reports of outcomes to the home network. */
  readonly outcomes: OutcomeConsumerOptions
}

export interface HssRoutingDependencies extends RecipientsDependencies, OriginatorsDependencies {
  readonly bus: Bus
  readonly keys: KeyMaker
  readonly route: RouteQuery
  readonly outcomes: Pick<OutcomeConsumerDependencies, 'queries' | 'reported'>
  now(): number
}

/**
 * Consumes `sm.prepared`, asks the HSS, produces `sm.routed` or the failure that ends the message; consumes
 * `sm.outcome` and tells the HSS.
 */
export function createHssRouting(options: HssRoutingOptions, dependencies: HssRoutingDependencies): Part {
  const { bus } = dependencies
  const router = new Router(options, {
    ...dependencies,
    recipients: new Recipients(options.recipients, dependencies),
    originators: new Originators(options.originators, dependencies),
    // The same again, not another answer of the HSS: the first may be on the bus though nobody confirmed it.
    publishRouted: (routed) => insist(() => bus.publish(smRouted, routed), dependencies),
    publishReport: (report) => insist(() => bus.publish(smReports, { report }), dependencies),
    publishOutcome: (outcome) => bus.publish(smOutcome, outcome),
  })
  let consumer: Consumer | undefined
  let outcomes: Consumer | undefined
  return {
    name: 'hss-routing',
    async start() {
      outcomes = await consumeOutcomes(options.outcomes, { ...dependencies, ...dependencies.outcomes })
      consumer = await bus.consume({
        group: 'hss-routing',
        mode: 'at-least-once',
        maximumInFlight: options.maximumInFlight,
        subscriptions: [on(smPrepared, ({ value }, { owned }) => router.handle(value, owned))],
      })
    },
    async stop() {
      await Promise.all([consumer?.close(), outcomes?.close()])
    },
  }
}
