import type { Bus } from '@ipsmgw/bus'
import type { KeyMaker } from '@ipsmgw/numbering'
import type { Policy } from '@ipsmgw/policy'
import type { Part } from '@ipsmgw/runtime'
import type { Logger, Registry } from '@ipsmgw/telemetry'
import { createImToSms } from './app.ts'
import type { ImToSmsConfig } from './config.ts'
import { createConversionReport } from './report.ts'

export interface ImToSmsSurroundings {
  readonly bus: Bus
  readonly keys: KeyMaker
  readonly registry: Registry
  readonly logger: Logger
  policy(): Policy
}

/** The service as configured, with its metrics and log lines. */
export function buildImToSms(
  config: Pick<ImToSmsConfig, 'conversion'>,
  surroundings: ImToSmsSurroundings,
): Part {
  const { registry, logger } = surroundings
  return createImToSms(config.conversion, {
    ...surroundings,
    report: createConversionReport(registry, logger),
    now: Date.now,
  })
}
