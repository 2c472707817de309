import { type Bus, type Consumer, on } from '@ipsmgw/bus'
import { smPrepared, smReports, smRouted } from '@ipsmgw/events'
import type { KeyMaker } from '@ipsmgw/numbering'
import type { Part } from '@ipsmgw/runtime'
import { type Queries, Router, type RouterOptions } from './router.ts'

export interface HssRoutingOptions extends RouterOptions {
  readonly maximumInFlight: number
}

export interface HssRoutingDependencies {
  readonly bus: Bus
  readonly keys: KeyMaker
  readonly queries: Queries
  serves(number: string): boolean
  now(): number
}

/** Consumes `sm.prepared`, asks the HSS, produces `sm.routed` or the failure that ends the message. */
export function createHssRouting(options: HssRoutingOptions, dependencies: HssRoutingDependencies): Part {
  const { bus } = dependencies
  const router = new Router(options, {
    ...dependencies,
    publishRouted: (routed) => bus.publish(smRouted, routed),
    publishReport: (report) => bus.publish(smReports, { report }),
  })
  let consumer: Consumer | undefined
  return {
    name: 'hss-routing',
    async start() {
      consumer = await bus.consume({
        group: 'hss-routing',
        mode: 'at-least-once',
        maximumInFlight: options.maximumInFlight,
        subscriptions: [on(smPrepared, ({ value }) => router.handle(value))],
      })
    },
    async stop() {
      await consumer?.close()
    },
  }
}
