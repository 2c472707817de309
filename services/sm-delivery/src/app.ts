import { type Bus, type Consumer, from, insist, on } from '@ipsmgw/bus'
import { smOutcome, smPrepared, smReports, smRouted } from '@ipsmgw/events'
import { type Part, SeenSet } from '@ipsmgw/runtime'
import { Delivery, type DeliveryDependencies, type DeliveryOptions } from './delivery.ts'
import { Drain } from './drain.ts'
import { NodeGate, type NodeGateDependencies, type NodeGateOptions } from './node-gate.ts'
import { PaceBook, type PaceOptions } from './pace.ts'

export interface SmDeliveryOptions extends DeliveryOptions {
  readonly maximumInFlight: number
  /** Bounds and breaker of each serving node. */
  readonly gate: NodeGateOptions
  /** Expected duration of a node that has not shown its own yet. */
  readonly pace: PaceOptions
  /** Claims are remembered, and read again after a takeover, this far back. */
  readonly seenWindowMs: number
  /** The longest that a stop waits for phones. */
  readonly drainMs: number
}

export interface SmDeliveryDependencies
  extends Pick<DeliveryDependencies, 'forwarders' | 'forwarded' | 'now'> {
  readonly bus: Bus
  readonly gateReport: Omit<NodeGateDependencies, 'now'>
}

/** Consumes `sm.routed` claim by claim: the offset is committed first, then the message is ours to send. */
export function createSmDelivery(options: SmDeliveryOptions, dependencies: SmDeliveryDependencies): Part {
  const { bus, now } = dependencies
  const { sgd, map } = dependencies.forwarders
  const drain = new Drain({ graceMs: options.drainMs }, now)
  const delivery = new Delivery(options, {
    forwarders: {
      ...(sgd !== undefined && { sgd: drain.over(sgd) }),
      ...(map !== undefined && { map: drain.over(map) }),
    },
    forwarded: dependencies.forwarded,
    now,
    seen: new SeenSet(options.seenWindowMs, now),
    pace: new PaceBook(options.pace),
    gate: new NodeGate(options.gate, { now, ...dependencies.gateReport }),
    // A claim is handed over once: what came of it is not lost to a bus that is full for a moment.
    publishReport: (report) => insist(() => bus.publish(smReports, { report }), { now }),
    publishPrepared: (prepared) => insist(() => bus.publish(smPrepared, prepared), { now }),
    publishOutcome: (outcome) => insist(() => bus.publish(smOutcome, outcome), { now }),
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
    // At once: senders whose answer depends on a phone are waited for before this part's own stop.
    draining: () => drain.begin(),
    async stop() {
      drain.begin()
      await consumer?.close()
      drain.end()
    },
  }
}
