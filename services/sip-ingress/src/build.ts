import type { Bus } from '@ipsmgw/bus'
import type { KeyMaker } from '@ipsmgw/numbering'
import type { Policy } from '@ipsmgw/policy'
import type { Logger, Registry } from '@ipsmgw/telemetry'
import { createSipIngress, type SipIngress } from './app.ts'
import type { SipIngressConfig } from './config.ts'
import { createIngressGauges, createIngressReport } from './report.ts'

export interface SipIngressSurroundings {
  readonly bus: Bus
  readonly keys: KeyMaker
  readonly registry: Registry
  readonly logger: Logger
  policy(): Policy
}

/** The service as configured, with its metrics and log lines. */
export function buildSipIngress(
  config: Pick<SipIngressConfig, 'sip' | 'ordinal'>,
  surroundings: SipIngressSurroundings,
): SipIngress {
  const { registry, logger } = surroundings
  const service = createSipIngress(config, {
    ...surroundings,
    report: createIngressReport(registry, logger),
    now: Date.now,
  })
  createIngressGauges(registry, service.ingress, service.admission)
  return service
}
