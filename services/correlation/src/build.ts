import { randomUUID } from 'node:crypto'
import type { Bus } from '@ipsmgw/bus'
import type { Cause } from '@ipsmgw/causes'
import type { Part } from '@ipsmgw/runtime'
import type { Logger, Registry } from '@ipsmgw/telemetry'
import { createCorrelation } from './app.ts'
import type { CorrelationConfig } from './config.ts'
import { createCorrelatorGauges, createCorrelatorReport } from './report.ts'

export interface CorrelationSurroundings {
  readonly bus: Bus
  readonly registry: Registry
  readonly logger: Logger
}

/** The longest a message stays undecided: the largest answerBy and some for the way. */
const LONGEST_OPEN_MS = 60_000

/** The service as configured, with its metrics and log lines. */
export function buildCorrelation(config: CorrelationConfig, surroundings: CorrelationSurroundings): Part {
  const { bus, registry, logger } = surroundings
  const { statusByCause, ...settings } = config.correlation
  const service = createCorrelation(
    {
      ...settings,
      host: config.sip.hostname,
      statusOverrides: statusByCause as Partial<Record<Cause, number>>,
      instance: randomUUID(),
      replayWindowMs: settings.keepDecidedMs + LONGEST_OPEN_MS,
    },
    { bus, report: createCorrelatorReport(registry, logger), now: Date.now },
  )
  createCorrelatorGauges(registry, service.correlator)
  return service
}
