import type { Bus } from '@ipsmgw/bus'
import type { DiameterPart } from '@ipsmgw/diameter'
import type { Part } from '@ipsmgw/runtime'
import type { SigtranPart } from '@ipsmgw/sigtran'
import type { Logger, Registry } from '@ipsmgw/telemetry'
import { createSmDelivery } from './app.ts'
import type { SmDeliveryConfig } from './config.ts'
import type { DeliveryDependencies } from './delivery.ts'
import { createMapForwarder } from './map-forwarder.ts'
import type { NodeGateOptions } from './node-gate.ts'
import { createForwardReport, createGateReport } from './report.ts'
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
    { ...settings, pace: { firstPartMs, furtherPartMs }, gate: gateOf(delivery) },
    {
      bus,
      forwarders,
      forwarded: createForwardReport(registry, logger),
      gateReport: createGateReport(registry, logger),
      now: Date.now,
    },
  )
}

/** The ways to serving nodes as configured: SGd, and MAP where there is a SIGTRAN side. */
export function buildForwarders(
  { delivery, routing }: Pick<SmDeliveryConfig, 'delivery' | 'routing'>,
  { diameter, sigtran }: Legs,
): DeliveryDependencies['forwarders'] {
  const options = { ...delivery, serviceCentre: routing.serviceCentre }
  return {
    sgd: createSgdForwarder(diameter.node, options),
    ...(sigtran !== undefined && {
      map: { ...createMapForwarder(sigtran.map, options), reachable: () => sigtran.isActive() },
    }),
  }
}

/** What carries the ways. */
export interface Legs {
  readonly diameter: Pick<DiameterPart, 'node'>
  readonly sigtran: Pick<SigtranPart, 'map' | 'isActive'> | undefined
}

function gateOf(delivery: SmDeliveryConfig['delivery']): NodeGateOptions {
  return {
    maximumInFlight: delivery.maximumInFlightPerNode,
    maximumPerSecond: delivery.maximumPerSecondPerNode,
    unanswered: delivery.breakerUnanswered,
    silenceMs: delivery.breakerSilenceMs,
    probeMs: delivery.breakerProbeMs,
  }
}
