import { type Bus, type Consumer, from, on } from '@ipsmgw/bus'
import { smOutcome, smPrepared, smReports, smRouted } from '@ipsmgw/events'
import type { Part } from '@ipsmgw/runtime'
import { Delivery, type DeliveryDependencies, type DeliveryOptions } from './delivery.ts'
import { NodeGate, type NodeGateDependencies, type NodeGateOptions } from './node-gate.ts'
import { PaceBook, type PaceOptions } from './pace.ts'
import { SeenSet } from './seen-set.ts'

export interface SmDeliveryOptions extends DeliveryOptions {
  readonly maximumInFlight: number
  /** Bounds and breaker of each serving node. */
  readonly gate: NodeGateOptions
  /** Expected duration of a node that has not shown its own yet. */
  readonly pace: PaceOptions
  /** Claims are remembered, and read again after a takeover, this far back. */
  readonly seenWindowMs: number
}

export interface SmDeliveryDependencies
  extends Pick<DeliveryDependencies, 'forwarders' | 'forwarded' | 'now'> {
  readonly bus: Bus
  readonly gateReport: Omit<NodeGateDependencies, 'now'>
}

/** Consumes `sm.routed` claim by claim: the offset is committed first, then the message is ours to send. */
export function createSmDelivery(options: SmDeliveryOptions, dependencies: SmDeliveryDependencies): Part {
  const { bus, now } = dependencies
  const delivery = new Delivery(options, {
    forwarders: dependencies.forwarders,
    forwarded: dependencies.forwarded,
    now,
    seen: new SeenSet(options.seenWindowMs, now),
    pace: new PaceBook(options.pace),
    gate: new NodeGate(options.gate, { now, ...dependencies.gateReport }),
    publishReport: (report) => bus.publish(smReports, { report }),
    publishPrepared: (prepared) => bus.publish(smPrepared, prepared),
    publishOutcome: (outcome) => bus.publish(smOutcome, outcome),
  })
  let consumer: Consumer | undefined
  return {
    name: 'sm-delivery',
    async start() {
      consumer = await bus.consume({
        group: 'sm-delivery',
        mode: 'claim',
        maximumInFlight: options.maximumInFlight,
        subscriptions: [on(smRouted, ({ value }, context) => delivery.deliver(value, () => context.owned()))],
        replay: {
          windowMs: options.seenWindowMs,
          sources: [from(smRouted, ({ value }) => delivery.remember(value))],
        },
      })
    },
    async stop() {
      await consumer?.close()
    },
  }
}
