import type { Bus } from '@ipsmgw/bus'
import type { DiameterPart } from '@ipsmgw/diameter'
import type { Part } from '@ipsmgw/runtime'
import type { Logger, Registry } from '@ipsmgw/telemetry'
import { createSmDelivery } from './app.ts'
import type { SmDeliveryConfig } from './config.ts'
import type { DeliveryDependencies } from './delivery.ts'
import { createForwardReport } from './report.ts'
import { createSgdForwarder } from './sgd-forwarder.ts'

export interface SmDeliverySurroundings {
  readonly bus: Bus
  /** Ways to serving nodes by protocol; a node whose protocol is missing here is not used. */
  readonly forwarders: DeliveryDependencies['forwarders']
  readonly registry: Registry
  readonly logger: Logger
}

/** The service as configured, with its metrics and log lines. */
export function buildSmDelivery(
  { delivery }: Pick<SmDeliveryConfig, 'delivery'>,
  surroundings: SmDeliverySurroundings,
): Part {
  const { registry, logger, bus, forwarders } = surroundings
  const { firstPartMs, furtherPartMs, ...settings } = delivery
  return createSmDelivery(
    { ...settings, pace: { firstPartMs, furtherPartMs } },
    { bus, forwarders, forwarded: createForwardReport(registry, logger), now: Date.now },
  )
}

/** The ways to serving nodes as configured, over this node. */
export function buildForwarders(
  { delivery, routing }: Pick<SmDeliveryConfig, 'delivery' | 'routing'>,
  { node }: Pick<DiameterPart, 'node'>,
): DeliveryDependencies['forwarders'] {
  return { sgd: createSgdForwarder(node, { ...delivery, serviceCentre: routing.serviceCentre }) }
}
